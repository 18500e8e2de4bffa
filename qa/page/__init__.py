"""The page: its HTML, its style, a visitor's state, and in two modules its Gradio."""
