"""The key of the card tokens: a card number becomes HMAC-SHA256(key, number) and stays joinable."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resources.protocols.errors import ExplainedError

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

KEY_VARIABLE = "CUSTOMER360_CARD_KEY"
MINIMUM_BYTES = 32
_BLOCK = 64
_IDENTITY = b"identity of the card token key"


class CardKeyError(ExplainedError, ValueError):
    """The key is unusable; the message never holds it."""


@dataclass(frozen=True)
class CardKey:
    """A secret key; never shown, not even by repr."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that a machine could guess."""
        if len(self.secret) < MINIMUM_BYTES:
            raise CardKeyError(f"the card token key has fewer than {MINIMUM_BYTES} bytes")

    @property
    def key_id(self) -> str:
        """Return an id of the key (8 hex digits) that does not reveal it."""
        return hashlib.sha256(b"key-id" + self.secret).hexdigest()[:8]

    @property
    def identity(self) -> str:
        """Return the recorded identity of the key: one-way, and unique to it (32 hex digits)."""
        return hmac.new(self.secret, _IDENTITY, hashlib.sha256).hexdigest()[:32]

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The inner and outer pads of HMAC-SHA256, for an engine that has SHA-256 alone."""
        key = hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK else self.secret
        padded = key.ljust(_BLOCK, b"\0")
        return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)

    def token(self, number: str) -> str:
        """Return the token of one card number (64 hex digits)."""
        return hmac.new(self.secret, number.encode(), hashlib.sha256).hexdigest()


def key_of(deployment: Deployment, *, generate: bool = True) -> CardKey:
    """Return a deployment's key: on AWS only the secret of the environment; else `card_key`."""
    if deployment.aws is None:
        return card_key(deployment.key_path, generate=generate)
    return _secret_key(deployment.aws.card_key_secret, deployment.aws.region)


def place_of(deployment: Deployment) -> str:
    """Return where a deployment's key comes from."""
    if deployment.aws is not None:
        return f"the secret {deployment.aws.card_key_secret}"
    return KEY_VARIABLE if os.environ.get(KEY_VARIABLE) else str(deployment.key_path)


def card_key(path: Path, *, generate: bool = True) -> CardKey:
    """Return the key in the environment variable, else that in the file, created if missing.

    Raises CardKeyError when the key is not hex, too short, when others may read the file, or when
    there is none and tokens were made before: then it is not to be generated.
    """
    if given := os.environ.get(KEY_VARIABLE):
        return _from_hex(given, KEY_VARIABLE)
    if not path.exists():
        if not generate:
            raise CardKeyError(
                f"The card token key {path} is gone, and the tokens of this home were made with "
                f"it: restore it from a backup, or give the same key in {KEY_VARIABLE}."
            )
        _generate(path)
    if path.stat().st_mode & 0o077:
        raise CardKeyError(f"{path} is readable by others; chmod 600 it")
    return _from_hex(path.read_text(encoding="ascii"), str(path))


def _secret_key(secret: str, region: str) -> CardKey:
    from resources.account.client import client
    from resources.account.errors import AwsError, explained

    try:
        with explained("read", f"the secret {secret}"):
            kept = client("secretsmanager", region).get_secret_value(SecretId=secret)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise CardKeyError(
            f"the secret {secret} holds no key yet: put one there, once and permanently, with `aws "
            f"secretsmanager put-secret-value --secret-id {secret} --secret-string "
            f'"$(openssl rand -hex {MINIMUM_BYTES})"`'
        ) from None
    return _from_hex(kept.get("SecretString", ""), f"the secret {secret}")


def _from_hex(text: str, where: str) -> CardKey:
    try:
        return CardKey(bytes.fromhex(text.strip()))
    except ValueError as error:
        if isinstance(error, CardKeyError):
            raise CardKeyError(f"{where}: {error}") from None
        raise CardKeyError(f"{where} is not a key in hex digits") from None


def _generate(path: Path) -> None:
    """Write a new key whole; of two processes that try, one key wins and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(MINIMUM_BYTES))
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
