"""What the page is made of, apart from Gradio: its HTML, its style, and a chat's state."""
