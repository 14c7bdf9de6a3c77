"""From the landing zone into the archive, each file with a receipt."""
