"""The AWS clients of this process: one per service, made when it is first used."""

from __future__ import annotations

import os
from functools import lru_cache
from threading import Lock
from typing import Any

ATTEMPTS = 10
"""How often a throttled or failed call is tried; the waits grow, and adapt to the throttling."""
_CONNECTIONS = 32
_MAKING = Lock()


def client(service: str, region: str) -> Any:
    """Return the client of a service. Thread-safe.

    AWS_ENDPOINT_URL names an emulator, AWS_ENDPOINT_URL_<SERVICE> one of this service alone.
    """
    own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    endpoint = os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
    with _MAKING:
        # A forked process makes its own: connections are not to be shared.
        return _client(service, region, endpoint, os.getpid())


@lru_cache(maxsize=64)
def _client(service: str, region: str, endpoint: str | None, _process: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        user_agent_extra="customer360",
        # It costs more than the write of an item, and its messages hold the values.
        parameter_validation=service != "dynamodb",
    )
    session = boto3.session.Session()
    return session.client(service, region_name=region, endpoint_url=endpoint or None, config=config)
