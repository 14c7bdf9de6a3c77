"""`customer360 ui`: Dagster's webserver and daemon on a home."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from customer360_assets.automation.alerts.from_runs import UI
from customer360_assets.cli.automation import automation_remark
from customer360_assets.runs.instance import instance_of, prepare
from customer360_assets.tables.transformations import code_folder
from customer360_assets.web import access
from customer360_assets.web.sockets import listen, private_folder
from resources.dagster_internals import DAEMON_MODULE
from resources.deployment.deployment import Deployment, DeploymentError, deployment_of_home
from resources.files.private import PRIVATE_UMASK

POLL_SECONDS = 0.2
STOP_SECONDS = 30.0
"""The daemon ends within a few seconds, unless one of its ticks is under way."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ui_command(home: Path | None, host: str, port: int) -> int:
    """Serve until stopped: 0; else the exit code of whichever process ended first."""
    target = deployment_of_home(home)
    decided = access.decided_token(host)
    token = decided or secrets.token_urlsafe(32)
    with _asked_to_end() as asked, _listening(host, port) as listening:
        address = access.address_of(host, listening.getsockname()[1])
        entered = f"<{access.TOKEN}>" if decided else token
        typer.echo(f"Dagster UI of {target.home}: {address}/?token={entered}  (Ctrl-C stops it)")
        with instance_of(target) as instance:
            if remark := automation_remark(instance, target):
                typer.echo(remark)
        return _watch(_start(listening, host, token, _environment(target, address)), asked)


def _environment(target: Deployment, address: str) -> dict[str, str]:
    """Return the environment variables of webserver and daemon, without the token."""
    variables = {
        **os.environ,
        "DAGSTER_HOME": str(prepare(target)),
        "CUSTOMER360_HOME": str(target.home),
        # Dagster's code servers listen here, and ask nobody for a login.
        "TMPDIR": str(private_folder(target.scratch_dir / "tmp")),
    }
    # For the links of alerts; whoever reads them on another machine states another address.
    variables.setdefault(UI, address)
    variables.pop(access.TOKEN, None)
    return variables


def _start(
    listening: socket.socket, host: str, token: str, variables: dict[str, str]
) -> list[subprocess.Popen[bytes]]:
    workspace = str(code_folder("workspace.yaml"))
    number = listening.fileno()
    served = ["--host", host, "--port", str(listening.getsockname()[1]), "--fd", str(number)]
    webserver = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "customer360_assets.web.serve", "--workspace", workspace, *served],
        # As a variable: the command line is shown to every user of the machine.
        env={**variables, access.TOKEN: token},
        pass_fds=[number],
        umask=PRIVATE_UMASK,
    )
    # When the webserver ends, nothing is left that takes connections and answers none.
    listening.close()
    daemon = [sys.executable, "-m", DAEMON_MODULE, "run", "-w", workspace]
    return [webserver, subprocess.Popen(daemon, env=variables, umask=PRIVATE_UMASK)]  # noqa: S603


def _watch(processes: list[subprocess.Popen[bytes]], asked: list[int]) -> int:
    """Return 0 when a signal has asked for the end, else the code of what ended by itself."""
    while not asked and all(process.poll() is None for process in processes):
        time.sleep(POLL_SECONDS)
    if asked:
        typer.echo("Stopping.")
    ended = [p.returncode for p in processes if p.returncode is not None]
    _stop(processes)
    return 0 if asked else abs(ended[0])


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that holds the port: nobody else can wait there for the token."""
    try:
        return listen(host, port)
    except OSError as error:
        raise DeploymentError(
            f"Nothing can listen on {host}:{port}: {error.strerror}. Give another --port or --host."
        ) from None


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Yield the signals that have asked the command to end; they interrupt nothing."""
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
