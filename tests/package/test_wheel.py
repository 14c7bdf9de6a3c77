"""An installed wheel has all that the checkout has: SQL, Spark scripts, feeds, the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
import json
from pathlib import Path
import customer360_assets, resources, simulator
from customer360_assets.contracts import contracts
from customer360_assets.feeds import load_feeds
from customer360_assets.tables.transformations import code_folder, transformation
packages = (customer360_assets, resources, simulator)
tables = [c.table for s in ("stage", "dimension", "profile") for c in contracts(s)]
print(json.dumps({
    "from": [str(Path(p.__file__).parent) for p in packages],
    "files": {t: str(transformation(t).path) for t in tables},
    "job": (code_folder("spark") / "job.py").is_file(),
    "dagster": code_folder("dagster.yaml").is_file(),
    "feeds": {bank: sorted(load_feeds(bank)) for bank in ("workshop", "berka")},
    "simulator": len(list(Path(simulator.__file__).parent.rglob("*.sql"))),
    "typed": [
        (Path(p.__file__).parent / "py.typed").is_file() for p in packages
    ],
}))
"""


def _python(target: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=target.parent,
        env={**os.environ, "PYTHONPATH": str(target), "CUSTOMER360_HOME": str(target / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _module(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, built without isolation and without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    _module("hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    quietly = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    _module("pip", "install", *quietly, "--target", str(folder / "site"), str(wheel))
    return folder / "site"


def test_everything_is_found_in_the_wheel(installed: Path) -> None:
    found = json.loads(_python(installed, "-c", LOOK))
    for folder in (*found["from"], *found["files"].values()):
        assert Path(folder).is_relative_to(installed), folder
    made = {Path(p).name for p in found["files"].values()}
    assert {"card.sql", "product_holding.sql", "customer_history.py", "customer_360.py"} <= made
    assert found["job"]
    assert found["dagster"]
    sets = ROOT / "customer360_assets" / "feeds" / "sets"
    for bank, feeds in found["feeds"].items():
        assert feeds == sorted(p.stem for p in (sets / bank).glob("*.yaml")) != [], bank
    checkout = len(list((ROOT / "simulator").rglob("*.sql")))
    assert found["simulator"] == checkout > 0
    assert found["typed"] == [True] * 3


def test_the_wheel_carries_the_licence(installed: Path) -> None:
    (file,) = installed.glob("customer360_assets-*.dist-info/licenses/LICENSE")
    assert file.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_command_works(installed: Path) -> None:
    script = installed / "bin" / "customer360"
    assert script.is_file()
    helped = _python(installed, str(script), "--help")
    for command in ("run", "sql", "profile", "branch", "ui"):
        assert command in helped


def test_the_wheel_carries_its_bill_of_materials(installed: Path) -> None:
    (file,) = installed.glob("customer360_assets-*.dist-info/sboms/*.cdx.json")
    bill = json.loads(file.read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["name"] == "customer360-assets"
    assert {"duckdb", "dagster", "boto3"} <= {one["name"] for one in bill["components"]}
    assert str(ROOT) not in file.read_text(encoding="utf-8")
