"""The code location's definitions, made once."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.merge import definitions_of
from resources.deployment import Deployment


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
