"""Runs on a home or a deployment: executed, rolled back, backed up, repaired."""
