"""Nothing in the repository says where a bank's data is, or opens a door to it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INVENTED = {"111111111111", "123456789012"}
"""Accounts that AWS's own pages use as examples, for tests and documentation."""
FORBIDDEN = {
    "an access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a secret key": re.compile(r"aws_secret_access_key\s*[=:]\s*['\"]?[A-Za-z0-9/+]{40}", re.I),
    "a registry": re.compile(
        r"\.dkr\.ecr\.|\b(?:ghcr|quay|gcr|docker)\.io/|registry-1\.|--(?:extra-)?index-url[ =]h"
    ),
}
ACCOUNT = re.compile(r"(?:aws://|arn:aws[\w-]*:[\w-]*:[\w-]*:)(\d{12})\b")
STAR = re.compile(r"""["']?Resource["']?\s*[:=]\s*\[?\s*["']\*["']""")
STARS = {
    "infra/foundation.py": "a key's own policy: its only resource is the key",
    "tests/infra/test_templates.py": "the twin that must be found",
    "tests/infra/test_repository.py": "this rule",
}
GENERATED = ("requirements", "docs/images/")


def _files() -> Iterator[tuple[str, str]]:
    """Yield the text files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        path = ROOT / name
        if name.startswith(GENERATED) or not path.is_file():
            continue
        try:
            yield name, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # an image, or a file of another encoding that a test delivers


def found_in(name: str, text: str) -> list[str]:
    """Return what should not be in a file."""
    odd = [f"{name}: {what}" for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    odd += [f"{name}: account {a}" for a in ACCOUNT.findall(text) if a not in INVENTED]
    if STAR.search(text) and name not in STARS:
        odd.append(f"{name}: a policy for every resource")
    return odd


def test_nothing_that_should_not_be_there() -> None:
    files = list(_files())
    assert len(files) > 200
    assert [odd for name, text in files for odd in found_in(name, text) if name != _ME] == []


_ME = "tests/infra/test_repository.py"


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        (f"key = '{'AKIA'}IOSFODNN7EXAMPLE'", "an access key"),
        (f"-----BEGIN RSA {'PRIVATE'} KEY-----", "a private key"),
        (f"aws_secret_access_key = {'a1B/' * 10}", "a secret key"),
        ("FROM 111111111111.dkr.ecr.eu-central-1.amazonaws.com/x", "a registry"),
        ("aws://987654321098/eu-central-1/prod", "account 987654321098"),
        ("arn:aws:iam::987654321098:role/x", "account 987654321098"),
        ('{"Effect": "Allow", "Resource": "*"}', "a policy for every resource"),
        ("Resource: '*'", "a policy for every resource"),
    ],
)
def test_what_is_planted_is_found(planted: str, what: str) -> None:
    assert found_in("x.py", planted) == [f"x.py: {what}"]


def test_every_exception_is_needed() -> None:
    for name in STARS:
        assert STAR.search((ROOT / name).read_text("utf-8")), name
