"""Every locked package has a licence that may be used, and states the one that is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dependencies.accepted import accepted
from dependencies.licences import FOLDERS, broken, listed
from dependencies.locks import LOCKS, Pin, pins
from dependencies.stated import installed

ONE = Pin("one", "1.0")


def _installed(folder: Path, *lines: str) -> str:
    """Return what a distribution with these lines of metadata states."""
    info = folder / "one-1.0.dist-info"
    info.mkdir(parents=True)
    head = ("Metadata-Version: 2.4", "Name: One", "Version: 1.0")
    (info / "METADATA").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return installed([folder])[ONE]


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: mit or apache-2.0"], "MIT OR Apache-2.0"),
        (["License: Apache License 2.0", "Classifier: License :: OSI Approved"], "Apache-2.0"),
        (["License: BSD-3-Clause", "Classifier: License :: OSI Approved :: X"], "BSD-3-Clause"),
        (
            [
                "License: Dual License",
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: Apache Software License",
            ],
            "Apache-2.0 AND MIT",
        ),
        (["Classifier: License :: Other/Proprietary License"], "unknown"),
        (["License: See LICENSE.txt"], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_licence_is_read_from_the_metadata(
    tmp_path: Path, lines: list[str], licence: str
) -> None:
    assert _installed(tmp_path, *lines) == licence


@pytest.mark.parametrize("licence", ["MIT", "MIT OR Apache-2.0", "MPL-2.0 AND (MIT OR ISC)"])
def test_usual_licences_pass(licence: str) -> None:
    assert list(broken({ONE: licence}, [ONE], {ONE: licence}, {})) == []


@pytest.mark.parametrize(
    "licence", ["AGPL-3.0-only", "BUSL-1.1", "MIT AND SSPL-1.0", "Elastic-2.0", "PolyForm-Shield-1"]
)
def test_source_available_licences_fail_even_if_accepted(licence: str) -> None:
    for allowed in ({}, {"one": "a reason"}):
        (said,) = broken({ONE: licence}, [ONE], {}, allowed)
        assert said == f"one==1.0: {licence} may not be used here"


@pytest.mark.parametrize("licence", ["unknown", "GPL-3.0-only", "MIT OR GPL-3.0-only"])
def test_others_are_accepted_by_name_alone(licence: str) -> None:
    (said,) = broken({ONE: licence}, [ONE], {}, {})
    assert said.startswith(f"one==1.0: {licence}: allow the licence")
    assert list(broken({ONE: licence}, [ONE], {}, {"one": "a reason"})) == []


def test_an_acceptance_without_need_fails() -> None:
    (said,) = broken({ONE: "MIT"}, [ONE], {}, {"one": "a reason"})
    assert said == "one: its licence is accepted without need: remove the entry"


def test_list_locks_and_installed_packages_agree() -> None:
    new = Pin("new", "2.0")
    assert list(broken({ONE: "MIT"}, [new], {ONE: "ISC"}, {})) == [
        "new==2.0: locked, not listed: run `make licences`",
        "one==1.0: listed, not locked: run `make licences`",
        "one==1.0: MIT is listed, ISC is stated: run `make licences`",
    ]


def test_an_accepted_licence_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text('[[licence]]\nname = "one"\nreason = "why"\n')
    assert accepted(file).licences == {"one": "why"}
    file.write_text('[[licence]]\nname = "one"\n')
    with pytest.raises(ValueError, match="one is accepted without a reason"):
        accepted(file)


def test_this_repository_passes() -> None:
    present = installed(FOLDERS)
    assert len(present.keys() & set(pins(LOCKS[:1]))) > 150
    assert list(broken(listed(), pins(), present, accepted().licences)) == []


def test_a_spelling_of_a_name_makes_no_second_package(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("Some_Name==1.0 \\\n    --hash=sha256:0\nsome-name==1.0\n# other==2.0\n")
    assert pins([lock]) == [Pin("some-name", "1.0")]
