"""The code location's definitions, made once."""

from __future__ import annotations

import json
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


def printed_in(tree: Path, program: str) -> Any:
    """Return what a program prints as JSON, run on a copy of the project."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        env={"CUSTOMER360_HOME": str(tree / "home"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
