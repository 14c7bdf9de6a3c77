"""Run job scripts one after another in one JVM: spark-submit on_jvm.py jobs.json.

jobs.json is a list of {"script": path, "argv": [...]}. `job` comes from --py-files.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

for job in json.loads(Path(sys.argv[1]).read_text()):
    runpy.run_path(job["script"])["main"](job["argv"])
