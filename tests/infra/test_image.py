"""The image: what it would hold is enough to load the code location, and runs as nobody special."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra.check import judged_image
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
LOOK = """
import json, pathlib, customer360_assets
from customer360_assets.definitions import defs
from infra.stacks import TEMPLATES
found = defs()
print(json.dumps({
    "assets": len(list(found.resolve_all_asset_specs())),
    "from": str(pathlib.Path(customer360_assets.__file__).parents[1]),
    "stacks": list(TEMPLATES),
}))
"""


def _copies() -> list[tuple[list[str], str]]:
    found = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [(line.split()[:-1], line.split()[-1]) for line in found]


def _image(tmp_path: Path, without: str = "") -> Path:
    """Copy the image's files into the image's layout."""
    for sources, target in _copies():
        place = tmp_path / target.lstrip("/")
        for source in sources:
            if source in ("locks/requirements-image.txt", without):
                continue
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    return tmp_path / "app"


def _load(app: Path) -> subprocess.CompletedProcess[str]:
    # Without the site's .pth files, one of which names the checkout.
    site = next(p for p in sys.path if p.endswith("site-packages"))
    run = f"import sys; sys.path[:0] = [{str(app)!r}, {site!r}]\n{LOOK}"
    ours = ("PYTHONPATH", "CUSTOMER360_", "AWS_")
    variables = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    variables["CUSTOMER360_HOME"] = str(app.parent / "home")
    return subprocess.run(
        [sys.executable, "-S", "-c", run],
        cwd=app, env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_what_is_copied_is_what_is_needed(tmp_path: Path) -> None:
    app = _image(tmp_path)
    done = _load(app)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["from"] == str(app)
    assert found["assets"] > 20
    assert found["stacks"] == ["foundation", "profiles", "platform"]


@pytest.mark.slow
def test_what_is_not_copied_would_be_missed(tmp_path: Path) -> None:
    done = _load(_image(tmp_path, without="spark"))
    assert done.returncode != 0
    assert "/app/spark/customer_" in done.stderr


def test_the_build_is_sent_all_that_is_copied_and_no_more() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [r for r in ignore if r and not r.startswith("#")]
    assert rules[0] == "*"
    sent = {r.removeprefix("!") for r in rules if r.startswith("!")}
    assert sent == {source for sources, _ in _copies() for source in sources}


def test_the_base_is_pinned_and_nobody_is_root() -> None:
    (base,) = re.findall(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"3\.11\.\d+-slim-\w+", base)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:${PYTHON}"}
    last = DOCKERFILE.rsplit("FROM ", 1)[1]
    assert re.findall(r"^USER (\d+)$", last, re.MULTILINE) == ["10001"]
    assert "--require-hashes" in DOCKERFILE
    assert "--no-deps" in DOCKERFILE


@pytest.mark.slow
def test_an_image_of_root_without_a_pin_is_found(tmp_path: Path) -> None:
    spoiled = tmp_path / "Dockerfile"
    spoiled.write_text("FROM python:latest\nCMD python\n", "utf-8")
    (said,) = judged_image(spoiled)
    assert {"CKV_DOCKER_3", "CKV_DOCKER_7"} <= set(re.findall(r"CKV_DOCKER_\d+", said))


def _pins(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text("utf-8")
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE))


def test_the_image_has_the_versions_that_are_tested_and_no_tool_of_development() -> None:
    image, tested = _pins("locks/requirements-image.txt"), _pins("locks/requirements.txt")
    assert {n: v for n, v in image.items() if tested.get(n, v) != v} == {}
    assert {"dagster", "dagster-aws", "dagster-postgres", "boto3", "duckdb"} <= set(image)
    assert not {"pytest", "ruff", "mypy", "moto", "hatchling", "playwright"} & set(image)
    text = (ROOT / "locks" / "requirements-image.txt").read_text("utf-8")
    blocks = re.split(r"\n(?=[a-z])", text)
    assert [b.split("==")[0] for b in blocks if "--hash=sha256:" not in b] == []


def test_dagster_plus_reads_its_file() -> None:
    from dagster_cloud_cli.config.models import load_dagster_cloud_yaml

    text = (ROOT / "dagster_cloud.yaml").read_text("utf-8")
    (location,) = load_dagster_cloud_yaml(text).locations
    assert location.location_name == "customer360"
    given = (location.container_context or {})["ecs"]["env_vars"]
    # The agent of each deployment gives the values: the file names no environment.
    assert "CUSTOMER360_DEPLOYMENT" in given
    assert [g for g in given if "=" in g] == []
    with pytest.raises(ValueError, match="module_nam"):
        load_dagster_cloud_yaml(text.replace("module_name", "module_nam"))


def test_the_self_hosted_instance_is_one_that_dagster_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster._core.instance.config import dagster_instance_config

    for name in ("HOST", "DB", "USER", "PASSWORD"):
        monkeypatch.setenv(f"DAGSTER_PG_{name}", "x")
    folder = ROOT / "infra" / "self_hosted"
    config = yaml.safe_load((folder / "dagster.yaml").read_text("utf-8"))
    launched = config.pop("run_launcher")  # its class asks ECS where it runs when it is made
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config), "utf-8")
    accepted, custom = dagster_instance_config(str(tmp_path))
    assert custom is None
    assert accepted["storage"]["postgres"]["postgres_db"]["password"] == {
        "env": "DAGSTER_PG_PASSWORD"
    }
    assert launched["class"] == "EcsRunLauncher"
    broken = {**config, "freshness": {"enabled": "perhaps"}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(broken), "utf-8")
    with pytest.raises(Exception, match="freshness"):
        dagster_instance_config(str(tmp_path))
