"""One small script a peer, run by the peer's own interpreter: only it imports the peer."""
