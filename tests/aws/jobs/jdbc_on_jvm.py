"""Run the extraction on Spark's JVM with a real driver: spark-submit jdbc_on_jvm.py SPEC."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "spark"))

import extract_transactions as extraction
import job

spec = json.loads(Path(sys.argv[1]).read_text())
session = job.own_session()
job.configure(session)
source = extraction.Jdbc(session, spec["url"], {"user": "bank", "password": "none"})
first, last, history = (dt.date.fromisoformat(spec[n]) for n in ("first", "last", "history"))
found = extraction.extract(
    session, source, spec["table"], first, last, history, spec["output"], partitions=3
)
reported = [[*at, n, *(s and str(s) for s in sums)] for at, (n, *sums) in found.items()]
Path(spec["totals"]).write_text(json.dumps(reported))
