"""What a question asks for, before it is answered; and in which language."""
