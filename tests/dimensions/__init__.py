"""Dimensions on clients small enough to work out by hand."""
