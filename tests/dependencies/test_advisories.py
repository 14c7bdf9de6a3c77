"""A locked version that a pinned advisory names does not pass, unless it is accepted in time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dependencies.accepted import Advisory, accepted
from dependencies.advisories import Audit, audit, broken, from_pip_audit
from dependencies.locks import Pin, pins

TAKEN = date(2026, 3, 31)
SAFE, BAD = Pin("safe", "1.0"), Pin("bad", "2.0")
KNOWN = Audit(TAKEN, "OSV", {SAFE: {}, BAD: {"PYSEC-1": ["2.1"]}})


def _until(until: date) -> list[Advisory]:
    return [Advisory("bad", "PYSEC-1", "not reached", until)]


def test_a_named_version_fails() -> None:
    assert list(broken(KNOWN, [BAD, SAFE], [])) == ["bad==2.0: PYSEC-1, fixed in 2.1"]
    assert list(broken(KNOWN, [SAFE], [])) == []


def test_it_passes_while_it_is_accepted() -> None:
    assert list(broken(KNOWN, [BAD], _until(TAKEN))) == []
    ended = list(broken(KNOWN, [BAD], _until(date(2026, 3, 30))))
    assert ended == ["bad==2.0: PYSEC-1 was accepted until 2026-03-30 only"]


def test_what_is_accepted_for_another_package_does_not_help() -> None:
    other = [Advisory("safe", "PYSEC-1", "not reached", TAKEN)]
    assert list(broken(KNOWN, [BAD, SAFE], other)) == [
        "bad==2.0: PYSEC-1, fixed in 2.1",
        "safe: PYSEC-1 is accepted, but no locked version has it: remove the entry",
    ]


def test_a_version_that_nobody_asked_about_fails() -> None:
    (said,) = broken(KNOWN, [Pin("safe", "1.1")], [])
    assert said == "safe==1.1: no advisories are pinned for this version: run `make advisories`"


RESULT: dict[str, Any] = {
    "dependencies": [
        {"name": "Bad", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
        {"name": "safe", "version": "1.0", "vulns": []},
    ]
}


def test_the_result_of_pip_audit_is_pinned() -> None:
    pinned = from_pip_audit(RESULT, [BAD, SAFE])
    assert pinned == {"bad==2.0": {"PYSEC-1": ["2.1"]}, "safe==1.0": {}}


def test_a_package_that_was_passed_over_is_not_taken_as_safe() -> None:
    skipped = {"dependencies": [{"name": "safe", "skip_reason": "not found"}]}
    with pytest.raises(ValueError, match="safe was not audited"):
        from_pip_audit(skipped, [])
    with pytest.raises(ValueError, match=r"does not name new==1\.0"):
        from_pip_audit(RESULT, [BAD, Pin("new", "1.0"), SAFE])


ENTRY = '[[advisory]]\nname = "bad"\nid = "PYSEC-1"\n'


@pytest.mark.parametrize(
    "more", ["until = 2026-03-31", 'reason = "x"', 'reason = " "\nuntil = 2026-03-31']
)
def test_an_advisory_is_accepted_with_a_reason_and_an_end(tmp_path: Path, more: str) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(f'{ENTRY}reason = "not reached"\nuntil = 2026-03-31\n')
    assert accepted(file).advisories == _until(TAKEN)
    file.write_text(f"{ENTRY}{more}\n")
    with pytest.raises(ValueError, match="PYSEC-1"):
        accepted(file)


def test_the_repository_pins_an_answer_for_all_or_says_that_there_is_none() -> None:
    known = audit()
    assert (known.taken is None) == (not known.found) == (known.source is None)
    assert known.taken is None or set(pins()) <= known.found.keys()
