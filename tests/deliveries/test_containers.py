"""A file of another kind is refused by the name of what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import Any

import pytest

from tests.deliveries.raw_home import DATA, Home, only
from tests.deliveries.test_physical_lines import spec

TEXT = b"0123,5001\n0456,5002\n0789,5003\n"
NONE = ", though the specification says compression: none"
NO_TEXT = ", though the specification says text"


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def tar(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        member = tarfile.TarInfo("v.csv")
        member.size = len(content)
        packed.addfile(member, io.BytesIO(content))
    return file.getvalue()


WORKBOOK = archive(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
DOCUMENT = archive(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})


def reason(home: Home, content: bytes, **changes: Any) -> str:
    home.feeds = {"web_visitor_map": spec(**changes)}
    home.deliver("v", content)
    row = only(home.run("web_visitor_map"))
    assert row["status"] == "refused"
    return str(row["reason"])


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip" + NONE),
        (gzip.compress(tar(TEXT), mtime=0), "gzip of a tar archive" + NONE),
        (tar(TEXT), "a tar archive" + NO_TEXT),
        (archive(**{"v.csv": TEXT}), "a ZIP archive" + NONE),
        (archive(), "an empty ZIP archive" + NONE),
        (WORKBOOK, "an XLSX workbook" + NO_TEXT),
        (DOCUMENT, "an Office document" + NO_TEXT),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504, "an XLS workbook or another OLE2"),
        (bz2.compress(TEXT), "bzip2" + NONE),
        (lzma.compress(TEXT), "xz" + NONE),
        (bytes.fromhex("28b52ffd20") + TEXT, "Zstandard" + NONE),
        (bytes.fromhex("377abcaf271c0004") + TEXT, "a 7z archive" + NONE),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA1\n=ab12\n", "a PGP message" + NO_TEXT),
        (bytes.fromhex("85010c03") + bytes(range(200, 250)), "a PGP message" + NO_TEXT),
        (b"%PDF-1.4\n1 0 obj\nendobj\n", "a PDF document" + NO_TEXT),
        (b"PAR1\x15\x04\x15\x00PAR1", "Parquet" + NO_TEXT),
    ],
)
def test_a_container_is_named(home: Home, content: bytes, named: str) -> None:
    assert reason(home, content).startswith(named)


@pytest.mark.parametrize(
    ("content", "encoding", "named"),
    [
        (TEXT.decode().encode("utf-16"), "utf-8", "UTF-16 text"),
        (TEXT.decode().encode("utf-16-le"), "utf-8", "UTF-16 text"),
        (TEXT.decode().encode("utf-16-be"), "cp1250", "UTF-16 text"),
        (TEXT.decode().encode("utf-32"), "utf-8", "UTF-32 text"),
        (b"\xef\xbb\xbf" + TEXT, "cp1250", "UTF-8 text with a byte-order mark"),
        (TEXT.decode().encode("cp037"), "utf-8", "EBCDIC text (code page 037 or another)"),
        (TEXT.decode().encode("cp500"), "cp1250", "EBCDIC text (code page 037 or another)"),
        ("KLIENT ".encode("cp273") * 20, "utf-8", "EBCDIC text (code page 037 or another)"),
    ],
)
def test_another_encoding_is_named(home: Home, content: bytes, encoding: str, named: str) -> None:
    assert reason(home, content, encoding=encoding) == (
        f"{named}, though the specification says encoding: {encoding}"
    )


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (archive(**{"v.csv": TEXT}), "a ZIP archive, though the specification says compression: g"),
        (bz2.compress(TEXT), "bzip2, though the specification says compression: gzip"),
        (TEXT, "not gzip, or damaged gzip"),
        (gzip.compress(tar(TEXT), mtime=0), "within gzip: a tar archive" + NO_TEXT),
        (gzip.compress(WORKBOOK, mtime=0), "within gzip: an XLSX workbook" + NO_TEXT),
    ],
)
def test_a_feed_of_gzip_names_what_came_instead(home: Home, content: bytes, named: str) -> None:
    assert reason(home, content, compression="gzip").startswith(named)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (WORKBOOK, "an XLSX workbook, though the specification says format: parquet"),
        (gzip.compress(b"PAR1", mtime=0), "gzip, though the specification says format: parquet"),
        (TEXT, "not a Parquet file"),
    ],
)
def test_a_feed_of_parquet_names_what_came_instead(home: Home, content: bytes, named: str) -> None:
    assert reason(home, content, format="parquet", columns=[]) == named


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Иванов Иван,1\nЖЩЮ,2\n", "cp1251"),
        ("ИвановИван,1\n", "koi8-r"),
        ("王小明北京市朝阳区,1\n", "gbk"),
        ("山田太郎東京都,1\n", "euc_jp"),
        ("محمد عبد الله,1\n", "utf-8"),
        ("Γεώργιος,1\n", "cp1253"),
        ("BZh9 Nowak,1\n", "utf-8"),
        ("яюЯ,1\n", "cp1251"),
        ("KLMN@MAIL,1\n", "ascii"),
    ],
)
def test_text_of_another_alphabet_is_not_taken_for_something_else(
    home: Home, text: str, encoding: str
) -> None:
    home.feeds = {"web_visitor_map": spec(encoding=encoding)}
    home.deliver("v", text.encode(encoding))
    row = only(home.run("web_visitor_map"))
    assert (row["status"], row["quarantined"]) == ("loaded", 0), row["reason"]


def test_a_real_mainframe_file_is_no_text(home: Home) -> None:
    path = DATA / "mainframe/transactions.dat"
    if not path.exists():
        pytest.skip(f"no sample {path.name} beside the project")
    assert reason(home, path.read_bytes()).startswith("not ")
