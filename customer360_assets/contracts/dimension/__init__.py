"""Contracts of the dimension tables, one module each."""
