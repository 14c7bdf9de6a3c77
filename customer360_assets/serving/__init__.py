"""Serving: the profile by client and by branch, in milliseconds."""
