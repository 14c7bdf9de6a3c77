"""The part of the Amazon States Language that `queries.asl.json` uses; another is an error."""

from __future__ import annotations

from collections import Counter
from typing import Any

Json = Any


class TaskFailed(Exception):  # noqa: N818 - the states language's word
    """A state failed: the error's name, and its cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


def only(state: Json, *known: str) -> None:
    """Refuse a field that this emulation does not understand."""
    odd = set(state) - {"Type", "Next", "End", "Comment", *known}
    if odd:
        raise TaskFailed("States.Runtime", f"the emulation does not know {sorted(odd)}")


def retry_wait(retriers: Json, error: str, tried: Counter[int]) -> float | None:
    """Return the seconds until the next try; None if there is none left for this error."""
    for number, retrier in enumerate(retriers):
        if matches(retrier["ErrorEquals"], error):
            if tried[number] >= retrier["MaxAttempts"]:
                return None
            wait = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** tried[number]
            tried[number] += 1
            return float(min(wait, retrier["MaxDelaySeconds"]))
    return None


def matches(names: list[str], error: str) -> bool:
    if "States.TaskFailed" in names and error != "States.Timeout":
        return True
    return error in names or "States.ALL" in names


def at(path: str, data: Json, context: Json) -> Json:
    """Return the value at a path: $.a.b of the data, $$.a.b of the context."""
    found = context if path.startswith("$$") else data
    for part in path.lstrip("$").split(".")[1:]:
        if part not in found:
            raise TaskFailed("States.Runtime", f"nothing lies at {path}")
        found = found[part]
    return found


def filled(template: Json, data: Json, context: Json) -> Json:
    """Return a payload template with its paths replaced."""
    if isinstance(template, dict):
        return {
            key.removesuffix(".$"): (
                at(value, data, context) if key.endswith(".$") else filled(value, data, context)
            )
            for key, value in template.items()
        }
    return template


def put(data: Json, path: str, value: Json) -> Json:
    assert path.startswith("$."), path
    assert "." not in path[2:], path
    return {**data, path[2:]: value}
