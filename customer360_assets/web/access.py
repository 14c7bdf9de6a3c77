"""Who may speak to the UI: its token, and the addresses under which browsers find it."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from customer360_assets.automation.alerts.from_runs import UI
from resources.protocols.errors import ExplainedError

TOKEN = "CUSTOMER360_UI_TOKEN"  # noqa: S105 - the variable's name
TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{32,512}")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
DEFAULT_PORTS = {"http": 80, "https": 443}


class AccessError(ExplainedError, ValueError):
    """The UI cannot be served as asked; the message says what to set."""


@dataclass(frozen=True)
class Access:
    """What a request must know and name.

    token: what people and scripts present; session: what the browser's cookie holds instead, so
    that a cookie that leaks is worth nothing after a restart; origins: the origin of a page of the
    UI by the Host under which it is asked for.
    """

    token: str = field(repr=False)
    origins: Mapping[str, str]
    cookie: str
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def is_token(self, given: str) -> bool:
        """Return True for the token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def is_session(self, given: str) -> bool:
        """Return True for the value of the cookie, in constant time."""
        return hmac.compare_digest(given.encode(), self.session.encode())


def access_to(host: str, port: int, token: str) -> Access:
    """Return the access to a UI that listens on a host and port."""
    names = {*LOOPBACK_NAMES, *([_bracketed(host)] if is_loopback(host) else [])}
    places = [f"http://{name}:{port}" for name in sorted(names)]
    if public := public_address():
        places.append(public)
    # Cookies are shared by the ports of a host: each UI of a machine has one of its own.
    return Access(token, dict(map(_host_and_origin, places)), f"customer360_ui_{port}")


def given_token() -> str | None:
    """Return the token that its environment variable sets, None when it is not set."""
    token = os.environ.get(TOKEN)
    if token and not TOKEN_SHAPE.fullmatch(token):
        raise AccessError(
            f"{TOKEN} must be 32 to 512 letters, digits, '-' or '_': make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'."
        )
    return token or None


def decided_token(host: str) -> str | None:
    """Return the token that the operator has decided on, None for one of the machine's own.

    Raises AccessError when other machines would reach the host and no token was decided on.
    """
    token = given_token()
    if token is None and not is_loopback(host):
        raise AccessError(
            f"Other machines would reach the UI on {host}: set {TOKEN} to a secret of your own and "
            f"{UI} to the https address of the proxy in front, or listen on 127.0.0.1."
        )
    public_address()
    return token


def public_address() -> str | None:
    """Return the address of CUSTOMER360_UI_URL, None when it is not set."""
    address = os.environ.get(UI)
    if not address:
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    # Links are made from it: a token in it would go out with every alert.
    if not host or parts.scheme not in DEFAULT_PORTS or parts.query or "@" in parts.netloc:
        raise AccessError(f"{UI} must be an address such as https://customer360.bank.example.")
    return address


def is_loopback(host: str) -> bool:
    """Return True if only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(host: str, port: int) -> str:
    """Return the address to open in a browser of this machine."""
    everywhere = host in {"0.0.0.0", "::"}  # noqa: S104
    return f"http://{'127.0.0.1' if everywhere else _bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _host_and_origin(address: str) -> tuple[str, str]:
    """Return what a browser sends as Host and as Origin of a page of this address."""
    parts = urlsplit(address)
    host = _bracketed(parts.hostname or "")
    if parts.port is not None and parts.port != DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{parts.port}"
    return host, f"{parts.scheme}://{host}"
