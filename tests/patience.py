"""How long a test waits for what must come: only a hang ends it, never a busy machine."""

PATIENCE = 900
"""Seconds."""
