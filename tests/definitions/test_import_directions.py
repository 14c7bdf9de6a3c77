"""Dependencies point one way: the contracts of import-linter hold, and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

LINT = str(Path(sys.executable).with_name("lint-imports"))
ROOT = Path(__file__).resolve().parents[2]


def _lint(tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False,
        timeout=PATIENCE, env={"PYTHONPATH": str(tree), "PATH": ""},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_directions_hold() -> None:
    code, printed = _lint(ROOT)
    assert code == 0, printed


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("resources/files/parquet.py", "from customer360_assets.publishing.publish import publish"),
        (
            "customer360_assets/feeds/sql.py",
            "from customer360_assets.planning import versions",
        ),
        (
            "customer360_assets/publishing/lake_tables.py",
            "from customer360_assets.cli import main",
        ),
        (
            "resources/s3/objects.py",
            "def late(): from resources.wiring import deployed",
        ),
        ("resources/dialect/tree.py", "def late(): from resources.dialect.rewrite import rewrites"),
        ("customer360_assets/new_module.py", "NEW = 'a module without a place in the layers'"),
    ],
)
def test_a_planted_violation_is_found(source_tree: Path, file: str, line: str) -> None:
    for package in ("benchmarks", "dependencies", "engines", "infra", "simulator"):
        (source_tree / package).mkdir()
        (source_tree / package / "__init__.py").touch()
    path = source_tree / file
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}\n\n{line}\n", "utf-8")
    code, printed = _lint(source_tree)
    assert code == 1, printed
    assert "BROKEN" in printed
