"""A script that really runs, in a process of its own, as a service sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["running", "stopping", "succeeded", "failed", "stopped", "expired"]


@dataclass
class JobProcess:
    """One run: its process, its log lines with the time of each, how it ended.

    command: what the service runs, the script's own arguments at its end. timeout: seconds until it
    is killed. stopping: how long a stop takes.
    """

    run_id: str
    command: Sequence[str]
    arguments: Sequence[str]
    timeout: float
    variables: dict[str, str]
    stopping: float = 0.2
    details: dict[str, object] = field(default_factory=dict)
    lines: list[tuple[int, str]] = field(default_factory=list)
    started: float = field(default_factory=time.time)
    ended: float | None = None
    outcome: Outcome = "running"
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.variables,
            start_new_session=True,
        )
        threading.Thread(target=self._attend, daemon=True).start()
        threading.Thread(target=self._expire, daemon=True).start()

    def stop(self) -> None:
        if self.outcome == "running":
            self.outcome = "stopping"
            threading.Timer(self.stopping, self.kill).start()

    def kill(self) -> None:
        process = self.process
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def seconds(self) -> float:
        return (self.ended or time.time()) - self.started

    @property
    def error(self) -> str:
        """The last words of its log, as the services quote them, data and all."""
        code = self.process.returncode if self.process else None
        last = next((text for _, text in reversed(self.lines) if "Error" in text), "")
        return f"{last or 'Command failed'} (exit code {code})"

    def _attend(self) -> None:
        process = self.process
        assert process is not None
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append((int(time.time() * 1000), line.rstrip("\n")))
        code = process.wait()
        self.ended = time.time()
        if self.outcome == "stopping":
            self.outcome = "stopped"
        elif self.outcome == "running":
            self.outcome = "succeeded" if code == 0 else "failed"

    def _expire(self) -> None:
        end = self.started + self.timeout
        while self.ended is None and time.time() < end:
            time.sleep(0.05)
        if self.ended is None:
            self.outcome = "expired"
            self.kill()
