"""Read PDF: words from PDFium, put in reading order."""
