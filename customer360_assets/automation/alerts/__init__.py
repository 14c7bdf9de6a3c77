"""What went wrong, sent once to whoever is on call."""
