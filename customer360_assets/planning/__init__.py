"""What is outstanding and why."""
