"""Delivered bytes as records, whatever the format."""
