"""`customer360 ui`: Dagster's webserver and daemon on a home."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from customer360_assets.automation.alerts import UI
from customer360_assets.cli.automation import automation_remark
from customer360_assets.deployment import DeploymentError, deployment_of_home
from customer360_assets.instance import instance_of, prepare
from customer360_assets.transformations import code_folder

POLL_SECONDS = 0.2
STOP_SECONDS = 30.0
"""The daemon ends within a few seconds, unless one of its ticks is under way."""
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ui_command(home: Path | None, host: str, port: int) -> int:
    """Serve until stopped: 0; else the exit code of whichever process ended first."""
    target = deployment_of_home(home)
    _refuse_taken(host, port)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(prepare(target)),
        "CUSTOMER360_HOME": str(target.home),
    }
    # For the links of alerts; whoever reads them on another machine states another address.
    environment.setdefault(UI, f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}")
    location = ["-w", str(code_folder("workspace.yaml"))]
    commands = [
        [sys.executable, "-m", "dagster_webserver", *location, "-h", host, "-p", str(port)],
        [sys.executable, "-m", "dagster._daemon", "run", *location],
    ]
    typer.echo(f"Dagster UI of {target.home}: http://{host}:{port}  (Ctrl-C stops it)")
    with instance_of(target) as instance:
        if remark := automation_remark(instance, target):
            typer.echo(remark)
    with _asked_to_end() as asked:
        processes = [subprocess.Popen(c, env=environment) for c in commands]  # noqa: S603
        while not asked and all(process.poll() is None for process in processes):
            time.sleep(POLL_SECONDS)
        if asked:
            typer.echo("Stopping.")
        ended = [p.returncode for p in processes if p.returncode is not None]
        _stop(processes)
    return 0 if asked else abs(ended[0])


def _refuse_taken(host: str, port: int) -> None:
    try:
        # As the webserver does: a port whose last connections linger is free.
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise DeploymentError(
            f"Nothing can listen on {host}:{port}: {error.strerror}. Give another --port or --host."
        ) from None


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Give the signals that have asked the command to end; they interrupt nothing."""
    asked: list[int] = []
    # What is ignored stays so: with nohup, the end of the terminal ends nothing.
    heard = [s for s in ENDING if signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, lambda number, _: asked.append(number)) for s in heard}
    try:
        yield asked
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End what still runs, and wait for it: by force what does not end by itself."""
    deadline = time.monotonic() + STOP_SECONDS
    # In the background of a script SIGINT is ignored, here and by what is started from here.
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM if ignored else signal.SIGINT)
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
