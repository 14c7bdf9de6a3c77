"""Athena SQL: the subset that the project is written in, and the same query for DuckDB."""
