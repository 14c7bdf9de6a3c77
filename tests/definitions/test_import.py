"""Loading the code location reads no data, opens no connection and builds no client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

LOOK = """
import json, sys
import dagster

# Dagster's own import asks the system for the word size and brings what it brings.
before = {name.split(".")[0] for name in sys.modules}
seen = {"sockets": [], "files": [], "processes": []}

def note(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        seen["sockets"].append(event)
    elif event in ("subprocess.Popen", "os.posix_spawn"):
        seen["processes"].append(str(args[0]))
    elif event == "open" and isinstance(args[0], str):
        seen["files"].append(args[0])

sys.addaudithook(note)
from customer360_assets.definitions import defs
imported = {name.split(".")[0] for name in sys.modules}
defs().resolve_all_asset_specs()
loaded = {name.split(".")[0] for name in sys.modules}
seen["imported"], seen["loaded"] = sorted(imported - before), sorted(loaded - before)
print(json.dumps(seen))
"""
ENGINES = {"boto3", "botocore", "duckdb", "grpc", "pysail", "pyiceberg", "httpx", "psycopg"}
"""Not pyspark: pandera looks for it, and imports what it finds; without grpc it has no client."""
DATA = (".parquet", ".csv", ".db", ".asc", ".ndjson", ".gz")


def test_loading_does_no_work(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, "CUSTOMER360_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sockets"] == []
    assert found["processes"] == []
    assert [f for f in found["files"] if f.endswith(DATA)] == []
    assert set(found["loaded"]) & ENGINES == set()
    # `customer360_assets.definitions` alone decides nothing: all is loaded when it is asked for.
    assert "pandera" not in found["imported"]
    assert not (tmp_path / "home").exists()
