"""Contracts of the raw tables, one module each."""
