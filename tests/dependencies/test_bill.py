"""The bill of materials names what the lock file of the image pins, the same at each build."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dependencies.bill import bill, text
from dependencies.locks import IMAGE, Pin, pins

A, B = Pin("a-a", "1.0"), Pin("b", "2.0")
PROJECT: dict[str, Any] = {
    "name": "Own_Name",
    "version": "0.1",
    "license": "Apache-2.0",
    "dependencies": ["A.a[extra]>=1,<2"],
}


def test_packages_versions_and_licences_are_named() -> None:
    made = bill(PROJECT, [A, B], {A: "MIT", B: "LicenseRef-BSD"})
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["purl"] == "pkg:pypi/own-name@0.1"
    assert [(c["purl"], c["licenses"]) for c in made["components"]] == [
        ("pkg:pypi/a-a@1.0", [{"expression": "MIT"}]),
        ("pkg:pypi/b@2.0", [{"license": {"name": "LicenseRef-BSD"}}]),
    ]
    assert made["dependencies"] == [
        {"ref": "pkg:pypi/own-name@0.1", "dependsOn": ["pkg:pypi/a-a@1.0"]}
    ]


def test_a_dependency_that_is_not_locked_fails() -> None:
    with pytest.raises(ValueError, match=r"^a-a: not in the lock file"):
        bill(PROJECT, [B], {B: "MIT"})


def test_a_package_without_a_listed_licence_fails() -> None:
    with pytest.raises(KeyError):
        bill(PROJECT, [A], {})


def test_this_projects_bill_is_that_of_the_lock_file() -> None:
    made = text()
    assert made == text()
    named = re.findall(r'"bom-ref": "pkg:pypi/([^"]+)"', made)
    assert sorted(named) == sorted(
        ["customer360-assets@0.1.0", *(f"{p.name}@{p.version}" for p in pins([IMAGE]))]
    )
