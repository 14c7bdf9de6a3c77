"""Contracts of the profile tables, one module each."""
