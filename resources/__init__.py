"""The outside world, one file per service: lake, SQL engine, Spark, landing zone, profile store."""
