"""Candidate, audit, publish: the one way by which rows reach a table."""
