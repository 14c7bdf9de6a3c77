"""The built-in sets of feed specifications, one folder per bank."""
