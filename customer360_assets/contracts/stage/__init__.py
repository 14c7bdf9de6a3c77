"""Contracts of the stage tables, one module each."""
