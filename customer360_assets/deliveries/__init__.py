"""Delivered files: what was delivered, what of it is in force, and what is still awaited."""
