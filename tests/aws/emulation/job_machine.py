"""What the emulated Glue and EMR run a script on: Sail, quick, or the services' own Spark."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from engines.places import SPARK_PYTHON, jar, java_home
from tests.aws.environment import REGION

RUNNER = Path(__file__).with_name("job_runner.py")
# What the services' machines have on their class path.
JARS = ("hadoop-aws", "aws-java-sdk-bundle", "postgresql")


class Machine(Protocol):
    """Runs scripts, each in a process of its own."""

    def command(self, script: str, options: Sequence[str]) -> list[str]:
        """Return the command that the script's arguments follow.

        options: what the service was given for spark-submit.
        """
        ...

    def variables(self, moto: str) -> dict[str, str]:
        """Return the environment variables of a process in the account at `moto`."""
        ...


class Sail:
    """Spark's client on Sail, as on one machine."""

    def command(self, script: str, options: Sequence[str]) -> list[str]:
        """Return the runner, which fetches the script and its helpers."""
        helpers = options[options.index("--py-files") + 1] if "--py-files" in options else ""
        return [sys.executable, str(RUNNER), script, helpers]

    def variables(self, moto: str) -> dict[str, str]:
        """Return Sail's names of the account's address."""
        spark = {"AWS_ENDPOINT": moto, "AWS_ALLOW_HTTP": "true", "RUST_LOG": "off"}
        return {**_kept(), "AWS_ENDPOINT_URL": moto, **spark}


class Spark:
    """Spark itself by spark-submit, which fetches the code from S3 as a cluster's does.

    Beyond what the service is asked for it is given what the services' machines have: an `s3://`
    file system, database drivers, a size. folder: for what it leaves on the disk. jars, conf: more.
    """

    def __init__(
        self,
        moto: str,
        folder: Path,
        jars: Sequence[str] = (),
        conf: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._conf = {**_account(moto), **_size(folder), **conf}
        self._jars = ":".join(str(jar(name)) for name in (*JARS, *jars))

    def command(self, script: str, options: Sequence[str]) -> list[str]:
        """Return spark-submit with the service's options."""
        conf = [part for pair in self._conf.items() for part in ("--conf", "=".join(pair))]
        submit = str(SPARK_PYTHON.with_name("spark-submit"))
        return [submit, *conf, "--driver-class-path", self._jars, *options, script]

    def variables(self, moto: str) -> dict[str, str]:
        """Return variables with which the platform's own packages are not to be found."""
        places = {
            "JAVA_HOME": str(java_home(SPARK_PYTHON)),
            "PYSPARK_PYTHON": str(SPARK_PYTHON),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        kept = {n: v for n, v in _kept().items() if n not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        return {**kept, "AWS_ENDPOINT_URL": moto, **places}


def _account(moto: str) -> dict[str, str]:
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": moto,
        "spark.hadoop.fs.s3a.endpoint.region": REGION,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }


def _size(folder: Path) -> dict[str, str]:
    """As a short run on two cores wants it: without 200 partitions and the slow compiler."""
    return {
        "spark.master": "local[2]",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.hadoop.hadoop.tmp.dir": str(folder / "hadoop"),
    }


def _kept() -> dict[str, str]:
    # A client of Spark Connect leaves SPARK_CONNECT_MODE_ENABLED behind, which rules out a JVM.
    return {n: v for n, v in os.environ.items() if not n.startswith(("AWS_ENDPOINT", "SPARK_"))}
