"""What AWS may do to a request, done to those of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

Params = dict[str, Any]


@contextmanager
def on_request(client: Any, operation: str, change: Callable[[Params], Params]) -> Iterator[None]:
    """Change the parameters of each request of an operation, or raise."""

    def hook(params: Params, **_: Any) -> Params:
        return change(params)

    event = f"provide-client-params.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    with _registered(client, event, hook):
        yield


@contextmanager
def on_answer(client: Any, operation: str, change: Callable[[Params], None]) -> Iterator[None]:
    """Change what AWS answers."""

    def hook(parsed: Params, **_: Any) -> None:
        change(parsed)

    event = f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    with _registered(client, event, hook):
        yield


def refused(code: str, operation: str, message: str = "") -> ClientError:
    """Return the error that botocore raises for an answer of AWS."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@contextmanager
def _registered(client: Any, event: str, hook: Callable[..., Any]) -> Iterator[None]:
    client.meta.events.register(event, hook)
    try:
        yield
    finally:
        client.meta.events.unregister(event, hook)
