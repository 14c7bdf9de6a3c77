"""Copy Iceberg tables as Spark reads them: spark-submit iceberg_rows.py TABLES.json FOLDER.

TABLES.json holds the name of each table in a catalog, or the address of its metadata file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

tables, folder = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
spark = SparkSession.builder.getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
# pyarrow compares what it is given: no INT96, no calendar of before 1582.
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
spark.conf.set("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED")
for table, place in tables.items():
    read = spark.read.table if "/" not in place else spark.read.format("iceberg").load
    read(place).coalesce(1).write.parquet(f"{folder}/{table}")
