"""Write answers and conversations as text, Markdown and HTML."""
