"""Defects of a whole file, done to its bytes."""

import shutil
from collections.abc import Iterable
from pathlib import Path

HTML = b"""<!DOCTYPE html>
<html><head><title>Sign in</title></head>
<body><h1>Your session has expired</h1><p>Please sign in to download this file.</p></body></html>
"""
CHUNK = 1 << 20


def html(path: Path) -> None:
    """A saved page in place of the file: a download that failed."""
    path.write_bytes(HTML)


def truncated(path: Path) -> None:
    """The last line loses its second half and its end."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(max(0, size - CHUNK))
        tail = file.read()
        start = tail.rstrip(b"\n").rfind(b"\n") + 1
        length = len(tail.rstrip(b"\n")) - start
        file.truncate(size - len(tail) + start + length // 2)


def wrong_encoding(path: Path) -> None:
    """UTF-16 where UTF-8 was agreed."""
    with path.open(encoding="utf-8", newline="") as file:
        _rewritten(
            path, [b"\xff\xfe"], (c.encode("utf-16-le") for c in iter(lambda: file.read(CHUNK), ""))
        )


def byte_order_mark(path: Path) -> None:
    """The mark that some editors put before UTF-8."""
    with path.open("rb") as file:
        _rewritten(path, [b"\xef\xbb\xbf"], iter(lambda: file.read(CHUNK), b""))


def crlf(path: Path) -> None:
    """Lines end as on Windows."""
    with path.open("rb") as file:
        _rewritten(
            path, [], (c.replace(b"\n", b"\r\n") for c in iter(lambda: file.read(CHUNK), b""))
        )


def _rewritten(path: Path, head: list[bytes], body: Iterable[bytes]) -> None:
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.writelines(head)
        file.writelines(body)
    new.replace(path)


def again(path: Path, name: Path) -> None:
    """The same bytes under another name."""
    name.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, name)


SPOIL = {
    "html": html,
    "truncated": truncated,
    "wrong_encoding": wrong_encoding,
    "byte_order_mark": byte_order_mark,
    "crlf": crlf,
}
