"""What starts work without a hand on it, and what is told to whoever is on call."""
