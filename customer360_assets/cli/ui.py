"""`customer360 ui`: Dagster's webserver and daemon on a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import typer

from customer360_assets.deployment import DeploymentError, deployment
from customer360_assets.instance import prepare
from customer360_assets.transformations import code_folder


def ui_command(home: Path | None, host: str, port: int) -> int:
    """Serve until interrupted; gives the exit code of whichever process ended first."""
    try:
        target = deployment(home)
    except DeploymentError as error:
        typer.secho(str(error), err=True, fg="red")
        return 1
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(prepare(target)),
        "CUSTOMER360_HOME": str(target.home),
    }
    location = ["-w", str(code_folder("workspace.yaml"))]
    commands = [
        [sys.executable, "-m", "dagster_webserver", *location, "-h", host, "-p", str(port)],
        [sys.executable, "-m", "dagster._daemon", "run", *location],
    ]
    typer.echo(f"Dagster UI of {target.home}: http://{host}:{port}  (Ctrl-C stops it)")
    processes = [subprocess.Popen(c, env=environment) for c in commands]  # noqa: S603
    try:
        os.waitpid(-1, 0)
    except KeyboardInterrupt:
        typer.echo("Stopping.")
    for process in processes:
        process.send_signal(signal.SIGINT)
    return max(abs(process.wait()) for process in processes)
