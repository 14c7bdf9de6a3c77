"""Records as Parquet files of exact types, and what breaks a rule set apart."""
