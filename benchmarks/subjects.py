"""The subjects of the benchmark: the platform's build, the floor, and the peers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measured, measure
from benchmarks.queries import PROJECT
from benchmarks.subject import CARD_KEY, Task

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"


@dataclass(frozen=True)
class Outcome:
    """How a subject did: the measurement and, if reported, seconds by table and CPU by part."""

    measured: Measured
    by_table: dict[str, float]
    by_part: dict[str, float]


def build(task: Task) -> Outcome:
    """Run the platform's build in a cold home."""
    shutil.rmtree(task.out, ignore_errors=True)
    parts = task.out.with_suffix(".parts.json")
    command = [
        sys.executable, "-m", "benchmarks.timed_build", str(parts), "run",
        "--home", str(task.out), "--landing", str(task.landing),
        "--business-date", task.business_date.isoformat(), "--settle", "0",
    ]  # fmt: skip
    measured = measure(command, {"CUSTOMER360_CARD_KEY": CARD_KEY}, task.out.with_suffix(".log"))

    read = [sys.executable, "-m", "benchmarks.recorded", str(task.out)]
    printed = subprocess.run(read, capture_output=True, text=True, check=True)
    by_part = json.loads(parts.read_text(encoding="utf-8"))
    return Outcome(measured, json.loads(printed.stdout), by_part)


def floor(task: Task) -> Outcome:
    """Run the hand-written script."""
    return _job("benchmarks.floor", task, {})


def pyspark(task: Task) -> Outcome:
    """Run the PySpark job on the JVM."""
    env = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_DIRS": str(task.out / "spill")}
    return _job("benchmarks.pyspark_job", task, env)


def _job(module: str, task: Task, env: dict[str, str]) -> Outcome:
    shutil.rmtree(task.out, ignore_errors=True)
    task.out.mkdir(parents=True)
    command = [sys.executable, "-m", module, *task.argv]
    measured = measure(command, env, task.out.with_suffix(".log"))
    return Outcome(measured, json.loads(measured.stdout.splitlines()[-1]), {})


def dbt(task: Task, python: Path) -> Outcome:
    """Run the dbt project with the Python of an environment of its own."""
    shutil.rmtree(task.out, ignore_errors=True)
    project = task.out / "project"
    # Of a copy: dbt also logs into a folder of the project that it names by log-path unrendered.
    shutil.copytree(PROJECT, project)
    (task.out / "tables").mkdir()
    command = [
        str(python.parent / "dbt"), "--quiet", "run", "--project-dir", str(project),
        "--profiles-dir", str(project), "--vars", json.dumps(task.variables),
    ]  # fmt: skip
    measured = measure(command, {"DBT_SCRATCH": str(task.out)}, task.out.with_suffix(".log"))
    results = json.loads((task.out / "target" / "run_results.json").read_text(encoding="utf-8"))
    seconds = {
        r["unique_id"].rpartition(".")[2].replace("_", ".", 1): round(r["execution_time"], 3)
        for r in results["results"]
    }
    return Outcome(measured, seconds, {})


def peer_python(folder: Path) -> Path:
    """Return the Python of the peers' environment, created from requirements.txt if missing."""
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        base = os.path.realpath(sys.executable)
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [str(python), "-m", "pip", "install", *quiet, "-r", str(REQUIREMENTS)], check=True
        )
        stamp.write_text(wanted, encoding="utf-8")
    return python
