"""What a job's log says in Dagster Pipes messages; other lines may hold data, and are dropped."""

from __future__ import annotations

import json
import logging
import re

VERSION = "__dagster_pipes_version"
_LEVELS = logging.getLevelNamesMapping()
_CLASS = re.compile(r"\b[A-Za-z]*(?:Error|Exception)\b")
# What services say themselves, of the job and not of a row.
_OF_THE_JOB = re.compile(
    r"exit(?:ed with)?(?: code| status)?:? \d+|SystemExit: \d+|OutOfMemory\w*|Access ?Denied"
    r"|no space left on device|lost executor|resource unavailable|cancelled|timed? ?out",
    re.IGNORECASE,
)


class Heard:
    """The messages of one job: progress goes to the log at once, the reason of a failure is kept.

    deaf: the log cannot be read.
    """

    def __init__(self, log: logging.Logger, name: str) -> None:
        self._log, self._name = log, name
        self.failure = ""
        self.deaf = False

    def line(self, line: str) -> None:
        """Handle one line of the log."""
        if VERSION not in line:
            return
        try:
            message = json.loads(line[line.index("{") :])
            method, params = message["method"], message["params"] or {}
        except (ValueError, KeyError, TypeError):
            return
        if method == "log":
            level = _LEVELS.get(str(params.get("level")), logging.INFO)
            self._log.log(level, f"{self._name}: {params.get('message')}")
        elif method == "closed" and params.get("exception"):
            self.failure = str(params["exception"].get("message"))


def safe_reason(text: str | None) -> str:
    """Return a service's failure reason without the data that it may quote."""
    found = text or ""
    if ours := re.search(r"\bJobError: ([^\r\n]+)", found):
        return ours[1]
    names = [*dict.fromkeys([*_OF_THE_JOB.findall(found), *_CLASS.findall(found)])]
    if names:
        return f"{', '.join(names[:4])}; its whole log may quote data and stays where it is"
    return ""
