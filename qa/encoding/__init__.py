"""Read and encode many sources at once, in several processes on one machine or many."""
