"""python -m infra: print the templates of a stage, deploy them, classify its columns."""

from __future__ import annotations

import sys

from infra.cli import app

sys.exit(app())
