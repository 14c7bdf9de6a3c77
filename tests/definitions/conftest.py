"""The code location's definitions, made once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from customer360_assets.assembly import definitions_of
from resources.deployment.deployment import Deployment
from tests.patience import PATIENCE


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return definitions_of(Deployment(home=tmp_path_factory.mktemp("nowhere") / "home"))


@pytest.fixture(scope="session")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset, as "layer.table"."""
    return {".".join(s.key.path): s for s in definitions.resolve_all_asset_specs()}


@pytest.fixture
def source_tree(tmp_path: Path) -> Path:
    """A copy of what the project runs from, to be changed."""
    import shutil

    root = Path(__file__).resolve().parents[2]
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("customer360_assets", "resources", "sql", "spark"):
        shutil.copytree(root / name, tmp_path / name, ignore=ignore)
    for name in ("dagster.yaml", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def tested_tree(source_tree: Path) -> Path:
    """A copy with the tests' banks and the second judge too, for tables that are new."""
    import shutil

    root = Path(__file__).resolve().parents[2]
    for name in ("tests/dimensions", "tests/sql", "tests/engines", "benchmarks/dbt"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / name, source_tree / name, ignore=ignore)
    for folder in ("tests", "benchmarks"):
        for file in (root / folder).glob("*.py"):
            shutil.copy(file, source_tree / folder / file.name)
    return source_tree


def _run(tree: Path, *arguments: str) -> str:
    """Return what Python prints, run on a copy of the project."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={"CUSTOMER360_HOME": str(tree / "home"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def printed_in(tree: Path, program: str) -> Any:
    """Return what a program prints as JSON, run on a copy of the project."""
    return json.loads(_run(tree, "-c", program))


def passed_in(tree: Path, *arguments: str) -> int:
    """Return how many tests of a copy of the project pass; none fails."""
    printed = _run(tree, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments)
    (passed,) = re.findall(r"^(\d+) passed", printed, flags=re.M)
    return int(passed)
