"""Runs a command as a process of its own and measures it and all that it starts."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds, and the peak of the resident bytes of all processes together.

    load: the machine's load average over one minute before the start.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    load: float
    stdout: str


class SubjectError(RuntimeError):
    """A subject of the benchmark failed; the message ends with what it wrote."""


def measure(command: Sequence[str], env: Mapping[str, str], log: Path) -> Measured:
    """Run a command to its end; raise SubjectError when it fails."""
    load = os.getloadavg()[0]
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        stdout = process.stdout.read() if process.stdout else ""
        # Reaped here and not by Popen: only this reports what the process itself has used.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        sampler.stop()
    if process.returncode:
        tail = "\n".join([*stdout.splitlines()[-20:], *log.read_text().splitlines()[-20:]])
        raise SubjectError(f"{' '.join(command[:4])} exited with {process.returncode}:\n{tail}")
    # A JVM that nobody waited for is in the samples alone.
    cpu = max(usage.ru_utime + usage.ru_stime, sampler.cpu_seconds)
    return Measured(round(wall, 2), round(cpu, 2), sampler.peak_rss_bytes, round(load, 2), stdout)


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._ended = pid, threading.Event()
        self._cpu: dict[int, float] = {}
        self.peak_rss_bytes = 0

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            rss = 0
            for pid in _family(self._pid):
                if (seen := _seen(pid)) is not None:
                    self._cpu[pid] = seen.cpu_seconds
                    rss += seen.rss_bytes
                    # Not getrusage's: there a process starts with the peak of the one before exec.
                    self.peak_rss_bytes = max(self.peak_rss_bytes, seen.peak_rss_bytes)
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss)


@dataclass(frozen=True)
class _Seen:
    cpu_seconds: float
    rss_bytes: int
    peak_rss_bytes: int


def _family(pid: int) -> list[int]:
    found = [pid]
    # Any of them may be gone by the time that it is looked at.
    with suppress(OSError):
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with suppress(OSError):
                for child in (task / "children").read_text().split():
                    found += _family(int(child))
    return found


def _seen(pid: int) -> _Seen | None:
    """Return what a process has used so far; None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    cpu = (int(fields[11]) + int(fields[12])) / TICK
    highest = re.search(r"VmHWM:\s+(\d+) kB", status)
    return _Seen(cpu, int(fields[21]) * PAGE, int(highest[1]) * 1024 if highest else 0)
