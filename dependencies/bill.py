"""The software bill of materials of a wheel: CycloneDX, made from the lock file of the image.

It names no time and no machine: the same commit gives the same bytes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from dependencies.licences import listed
from dependencies.locks import IMAGE, ROOT, Pin, normal, pins

Json = dict[str, Any]


def bill(project: Mapping[str, Any], locked: Iterable[Pin], licences: Mapping[Pin, str]) -> Json:
    """Return the bill of a project, as pyproject.toml states it, with the locked packages."""
    components = [_component("library", pin, licences[pin]) for pin in locked]
    by_name = {component["name"]: component["purl"] for component in components}
    own = _component(
        "application", Pin(normal(project["name"]), project["version"]), project["license"]
    )
    asked = {normal(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in project["dependencies"]}
    if absent := sorted(asked - by_name.keys()):
        raise ValueError(f"{', '.join(absent)}: not in the lock file: run `make lock`")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [
            {"ref": own["purl"], "dependsOn": [by_name[name] for name in sorted(asked)]}
        ],
    }


def text() -> str:
    """Return this project's bill, as the wheel carries it."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return json.dumps(bill(stated["project"], pins([IMAGE]), listed()), indent=1) + "\n"


def _component(kind: str, pin: Pin, licence: str) -> Json:
    purl = f"pkg:pypi/{pin.name}@{pin.version}"
    made: Json = {
        "type": kind,
        "bom-ref": purl,
        "name": pin.name,
        "version": pin.version,
        "purl": purl,
    }
    # An expression may hold names of the SPDX list only: the others are what is stated.
    custom = "LicenseRef" in licence or licence == "unknown"
    made["licenses"] = [{"license": {"name": licence}} if custom else {"expression": licence}]
    return made
