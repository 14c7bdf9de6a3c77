"""Automation that starts work, and the alerts sent to whoever is on call."""
