"""The `customer360` command."""
