"""Which deployment a process serves: its names, settings and keys."""
