"""The part of PySpark's DataFrame API that the job scripts use, on DuckDB in this process."""
