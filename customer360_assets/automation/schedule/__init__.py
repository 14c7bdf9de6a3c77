"""What the clock decides: expected deliveries, freshness, the daily cycle."""
