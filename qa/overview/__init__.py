"""What a whole article is about, who is in it, and what happened when: in its own sentences."""
