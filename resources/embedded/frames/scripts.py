"""Job scripts with this engine where they import `pyspark`; nothing else in the process sees it."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from resources.embedded.frames import errors, frame, functions, session
from resources.protocols.spark_engine import SparkJobError


def _module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


_SQL = _module(
    "pyspark.sql", functions=functions, DataFrame=frame.DataFrame, SparkSession=session.Session
)
_PYSPARK: Mapping[str, ModuleType] = {
    "pyspark.sql": _SQL,
    "pyspark.sql.functions": functions,
    "pyspark.errors": errors,
}


def load(script: Path) -> Mapping[str, Any]:
    """Return the names that a script defines. Raises SparkJobError for another part of PySpark.

    The script, and what it imports from its folder, is run anew: none of it stays in the process.
    """
    return vars(_run(script, {}))


def _run(path: Path, loaded: dict[str, ModuleType]) -> ModuleType:
    def imported(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 (Python's names)
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if name.partition(".")[0] == "pyspark":
            return _of_pyspark(path, name)
        beside = path.with_name(f"{name}.py")
        if beside.is_file():
            return loaded.get(name) or _run(beside, loaded)
        return builtins.__import__(name, globals, locals, fromlist, level)

    module = ModuleType(path.stem)
    own = {**vars(builtins), "__import__": imported}
    vars(module).update({"__file__": str(path), "__builtins__": own})
    loaded[path.stem] = module
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))  # noqa: S102
    return module


def _of_pyspark(path: Path, name: str) -> ModuleType:
    if name not in _PYSPARK:
        raise SparkJobError(f"{path.name}: {name} is not in the subset of this engine")
    return _PYSPARK[name]
