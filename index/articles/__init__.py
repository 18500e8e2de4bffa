"""The article that comes with the chatbot (see README.md for whose it is)."""
