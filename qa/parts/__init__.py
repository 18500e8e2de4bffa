"""Questions of several parts: each part is answered by itself, and the answers are joined."""
