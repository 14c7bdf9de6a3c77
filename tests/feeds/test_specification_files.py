"""A file that is no specification, or says a thing twice, is refused in one line that names it."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from customer360_assets.feeds import FeedError, load_feeds

GOOD = """feed: account
system: origination čeněk
pattern: "*.csv"
format: delimited
columns: [account_id, branch_id, frequency, opened]
business_date: {from: file_name, pattern: "acc_%Y%m%d.csv"}
delivery: snapshot
targets:
  creation_date: {from: opened}
"""
BINARY = ["zip", "zlib", "bz2", "base64", "hex", "uu", "quopri"]


def refusal(folder: Path, content: bytes) -> str:
    (folder / "account.yaml").write_bytes(content)
    with pytest.raises(FeedError) as raised:
        load_feeds(folder)
    return str(raised.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("format:", "pattern: x\nformat:", "pattern: given twice, in lines 3 and 4; keep one"),
        (
            "targets:\n",
            "targets:\n  frequency: {absent: true}\ntargets:\n",
            "targets: given twice, in lines 8 and 10; keep one",
        ),
        (
            "{from: opened}\n",
            "{from: opened}\n  'creation_date': {from: opened}\n",
            "creation_date: given twice, in lines 9 and 10; keep one",
        ),
        ("{from: opened}", "{from: opened, from: opened}", "from: given twice, in lines 9 and 9"),
        (
            "{from: opened}",
            '{from: opened}\n  frequency: {codes: {01: MI,\n    "01": WI}}',
            "01: given twice, in lines 10 and 11; keep one",
        ),
    ],
)
def test_a_key_is_given_once(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert refusal(tmp_path, GOOD.replace(old, new, 1).encode()).startswith(
        f"account.yaml: {expected}"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (GOOD.encode("utf-16"), "UTF-16, as PowerShell writes it; save the file as UTF-8"),
        (
            codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"),
            "UTF-16, as PowerShell writes it; save the file as UTF-8",
        ),
        (
            GOOD.replace("čeněk", "Müller").encode("cp1252"),
            "not UTF-8: first bad byte in line 2; save the file as UTF-8",
        ),
        (GOOD.encode("utf-16-le"), "not "),
        (b"feed: !!int x\n", "not YAML: "),
        (b"feed: !!timestamp x\n", "not YAML: "),
        (b"feed: a\0b\n", "not YAML: "),
        (b"", "Input should be a valid dictionary"),
    ],
)
def test_a_file_that_is_no_yaml_in_utf_8(tmp_path: Path, content: bytes, expected: str) -> None:
    found = refusal(tmp_path, content)
    assert found.startswith(f"account.yaml: {expected}")
    assert "\n" not in found


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "account.yaml").mkdir()
    with pytest.raises(FeedError, match=r"account.yaml: cannot be read: Is a directory"):
        load_feeds(tmp_path)


def test_a_byte_order_mark_of_utf_8_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_bytes(codecs.BOM_UTF8 + GOOD.encode())
    assert load_feeds(tmp_path)["account"].system == "origination čeněk"


@pytest.mark.parametrize(
    "codec",
    [*BINARY, "rot13", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"],
)
def test_a_codec_that_is_no_encoding_of_text(tmp_path: Path, codec: str) -> None:
    found = refusal(tmp_path, f"{GOOD}encoding: {codec}\n".encode())
    assert found == (
        f"account.yaml: encoding: {codec!r} is no encoding of text files; "
        "write one such as utf-8 or cp1250"
    )


@pytest.mark.parametrize("name", ["klingon", '"a\\0b"', '""'])
def test_a_name_that_is_no_codec(tmp_path: Path, name: str) -> None:
    found = refusal(tmp_path, f"{GOOD}encoding: {name}\n".encode())
    assert found.endswith("is not an encoding; write one such as utf-8 or cp1250")
