"""Read a file or a web page into an Article."""
