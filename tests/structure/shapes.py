"""The shape of a library's name: what a caller has to keep to."""

from __future__ import annotations

import enum
import inspect
from typing import Any


def shape(value: Any) -> Any:
    """Return parameters as text (`name=` has a default), the values of an enum, or the value."""
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return {member.name: member.value for member in value}
    if not (inspect.isroutine(value) or isinstance(value, type)):
        return value
    return " ".join(_parameter(one) for one in inspect.signature(value).parameters.values())


def _parameter(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    return f"{stars}{one.name}{'' if one.default is one.empty else '='}"
