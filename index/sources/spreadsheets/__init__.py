"""Read spreadsheets and files of separated values."""
