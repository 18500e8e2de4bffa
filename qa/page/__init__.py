"""The web page: its layout, its handlers, and the server with its protections."""
