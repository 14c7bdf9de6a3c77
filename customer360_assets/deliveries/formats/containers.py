"""Other formats in place of the text that a feed states, named from the first bytes of a file."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

MARK = b"\xef\xbb\xbf"
"""The byte-order mark of UTF-8."""
PARQUET = b"PAR1"
_GZIP = 31
_HEAD = 4096
_MOST, _FEW = 0.9, 0.1

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"\x1f\x9d": "compress (.Z)",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "LZ4",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "an empty ZIP archive",
}
_OTHER = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an XLS workbook or another OLE2 document",
    b"-----BEGIN PGP": "a PGP message",
    b"%PDF-": "a PDF document",
    b"Obj\x01": "Avro",
    # A Parquet file goes on with the Thrift header of its first page.
    PARQUET + b"\x15": "Parquet",
}
_OFFICE = {
    b"xl/": "an XLSX workbook",
    b"[Content_Types].xml": "an Office document",
    b"application/vnd.oasis.opendocument": "an OpenDocument file",
}
# What EBCDIC has for blanks, digits, letters and the usual signs, in all its code pages.
_EBCDIC_WORDS = bytes.fromhex(
    "818283848586878889919293949596979899a2a3a4a5a6a7a8a9"
    "c1c2c3c4c5c6c7c8c9d1d2d3d4d5d6d7d8d9e2e3e4e5e6e7e8e9f0f1f2f3f4f5f6f7f8f9"
)
_EBCDIC = _EBCDIC_WORDS + b"\x40\x4b\x4d\x5c\x5d\x5e\x60\x61\x6b\x6d\x6e\x7a\x7d\x7e\x7f\x15\x25"
# Digits, signs and breaks of every encoding that extends ASCII; EBCDIC text has hardly any.
_ASCII = bytes([*range(0x26, 0x40), *b'\n\r\t !"#$'])


@dataclass(frozen=True)
class Container:
    """A format that is no text; `compressed` when the text may lie within."""

    name: str
    compressed: bool

    def reason(self, stated: str | None = None) -> str:
        """Return the reason of a refusal; `stated` is what the specification says instead."""
        says = stated or ("compression: none" if self.compressed else "text")
        return f"{self.name}, though the specification says {says}"


def container(start: bytes) -> Container | None:
    """Return what the first bytes of a file begin, None when it may be text."""
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            return _within(start, name)
    for magic, name in _OTHER.items():
        if start.startswith(magic):
            return Container(name, compressed=False)
    if start.startswith(b"BZh") and start[4:10] == b"1AY&SY":
        return Container("bzip2", compressed=True)
    if start[257:262] == b"ustar":
        return Container("a tar archive", compressed=False)
    if _is_binary_pgp(start[:4]):
        return Container("a PGP message", compressed=False)
    return None


def other_encoding(start: bytes, encoding: str) -> str | None:
    """Return the encoding that the first bytes show where it is not `encoding`, else None."""
    head = start[:_HEAD]
    unicode = encoding.startswith(("utf-16", "utf-32"))
    if not unicode and b"\0" in head and (name := _wide(head)) is not None:
        return name
    if head.startswith(MARK) and not encoding.startswith("utf"):
        return "UTF-8 text with a byte-order mark"
    if head and not unicode and not _is_ebcdic(encoding) and _looks_ebcdic(head):
        return "EBCDIC text (code page 037 or another)"
    return None


def _within(start: bytes, name: str) -> Container:
    if name == "a ZIP archive":
        office = next((n for part, n in _OFFICE.items() if part in start), None)
        return Container(office or name, compressed=office is None)
    if name == "gzip":
        try:
            begins = zlib.decompressobj(_GZIP).decompress(start[:_HEAD], _HEAD)
        except zlib.error:
            begins = b""
        if begins and (inner := container(begins)) is not None:
            return Container(f"gzip of {inner.name}", compressed=True)
    return Container(name, compressed=True)


def _is_binary_pgp(head: bytes) -> bool:
    """Return True for the packet that begins an encrypted message: a session key, version 3."""
    length = {0x84: 1, 0x85: 2, 0xC1: 1 if head[1:2] < b"\xc0" else 2}.get(head[0] if head else 0)
    return length is not None and head[1 + length : 2 + length] == b"\x03"


def _wide(head: bytes) -> str | None:
    """Return the name of an encoding of two or four bytes per character."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32 text"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 text"
    even, odd = head[::2], head[1::2]
    few, many = sorted((even.count(0) / len(even), odd.count(0) / max(1, len(odd))))
    return "UTF-16 text" if many > _MOST and few < _FEW else None


def _is_ebcdic(encoding: str) -> bool:
    return "A 1".encode(encoding, "replace") == b"\xc1\x40\xf1"


def _looks_ebcdic(head: bytes) -> bool:
    ebcdic, words, ascii_words = (
        1 - len(head.translate(None, of)) / len(head) for of in (_EBCDIC, _EBCDIC_WORDS, _ASCII)
    )
    return ebcdic > _MOST and words > _FEW > ascii_words
