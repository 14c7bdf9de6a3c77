"""Sensors for files that have come to rest in the landing zone."""
