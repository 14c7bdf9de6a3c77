"""Missing and damaged files of a home: seen, named, and made again from the archive."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest

from customer360_assets.planning.outstanding import SERVING
from resources.iceberg import files as manifests
from resources.protocols.lake_types import UnreadableTableError
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.small_bank import SmallBank

NEXT = "2024-05-24"
PROFILE = "profile.customer_360"


def published(bank: SmallBank, table: str) -> Path:
    """The one published file of a table."""
    day = dt.date.fromisoformat(DAY)
    (file,) = bank.platform().lake.files(table, day, day)
    return Path(file)


def flip(path: Path) -> None:
    """Turn one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def said(output: str) -> str:
    return " ".join(output.split())


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(table, marks=pytest.mark.slow)
        for table in (PROFILE, "stage.card", "raw.card", "raw.delivery")
    ],
)
def test_a_missing_file_is_named_and_made_again(sound_bank: SmallBank, table: str) -> None:
    bank, before = sound_bank, sound_bank.everything()
    file = (
        published(bank, table)
        if table != "raw.delivery"
        else Path(bank.platform().lake.files(table)[0])
    )
    file.unlink()
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    date = "" if table == "raw.delivery" else f" {DAY}"
    assert f"{table}{date}: the published file {file} is missing" in said(ran.output)
    assert {**bank.everything(), SERVING: 0} == {**before, SERVING: 0}
    again = bank.run(DAY)
    assert again.steps == ()
    assert "missing" not in again.output


METADATA = [
    ("quarantine.card", "*-m0.avro", None),
    (PROFILE, "*.metadata.json", b'{"format-version": 2, "broken'),
    pytest.param("stage.card", "*.metadata.json", None, marks=pytest.mark.slow),
    pytest.param("raw.card", "snap-*.avro", None, marks=pytest.mark.slow),
    pytest.param("stage.account", "*-m0.avro", b"Obj\x01broken", marks=pytest.mark.slow),
]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "files", "content"), METADATA)
def test_a_table_without_its_metadata_is_named_and_made_again(
    sound_bank: SmallBank,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    files: str,
    content: bytes | None,
) -> None:
    bank = sound_bank
    bank.deliver({card_file(NEXT): card(CARDS[2], 101) + "nonsense\n"})
    assert bank.run(NEXT).code == 0
    before = bank.everything()
    for file in (bank.deployment.lake_dir / table.replace(".", "/") / "metadata").glob(files):
        file.chmod(0o600)
        file.unlink() if content is None else file.write_bytes(content)
    monkeypatch.setattr(manifests, "_READ", OrderedDict())  # As in a new process.
    with pytest.raises(UnreadableTableError, match="customer360 run makes the whole table anew"):
        bank.rows(f"SELECT count(*) FROM {table}")
    ran = bank.run(NEXT)
    assert ran.code == 0, ran.output
    assert f"{table}: its metadata cannot be read" in said(ran.output)
    assert {**bank.everything(), SERVING: 0} == {**before, SERVING: 0}
    again = bank.run(NEXT)
    assert again.steps == ()
    assert "metadata" not in again.output


@pytest.mark.slow
def test_all_files_gone_of_layers_that_are_built_on_each_other(sound_bank: SmallBank) -> None:
    bank, before = sound_bank, sound_bank.everything()
    for schema in ("raw", "stage", "dimension", "profile", "quarantine"):
        for file in (bank.deployment.lake_dir / schema).rglob("*.parquet"):
            file.unlink()
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert {**bank.everything(), SERVING: 0} == {**before, SERVING: 0}


@pytest.mark.slow
def test_a_flipped_bit_is_not_read_and_made_good_by_the_next_run(sound_bank: SmallBank) -> None:
    bank = sound_bank
    file = published(bank, "stage.account")
    expected = bank.rows("SELECT * FROM stage.account ORDER BY account_id")
    flip(file)
    bank.deliver({card_file(NEXT): card(CARDS[2], 101)})
    ran = bank.run(NEXT)
    assert ran.code == 1
    sentence = f"stage.account {DAY}: the published file {file} is damaged"
    assert sentence in said(ran.output)
    assert "customer360 run" in ran.output
    mended = bank.run(NEXT)
    assert mended.code == 0, mended.output
    assert sentence in said(mended.output)
    assert "stage.account" in mended.on(DAY)
    assert bank.rows("SELECT * FROM stage.account ORDER BY account_id") == expected


@pytest.mark.slow
def test_a_flipped_bit_of_a_parsed_delivery_is_parsed_again(sound_bank: SmallBank) -> None:
    bank, file = sound_bank, published(sound_bank, "raw.card")
    before = file.read_bytes()
    stage = published(bank, "stage.card")
    flip(file)
    stage.unlink()
    ran = bank.run(DAY)
    assert ran.code == 1
    assert f"raw.card {DAY}: the published file {file} is damaged" in said(ran.output)
    mended = bank.run(DAY)
    assert mended.code == 0, mended.output
    assert file.read_bytes() == before


@pytest.mark.slow
def test_a_deleted_catalog_is_made_again_from_the_archive(sound_bank: SmallBank) -> None:
    bank, before = sound_bank, sound_bank.everything()
    for left in bank.deployment.lake_dir.glob("catalog.db*"):
        left.unlink()
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert f"{PROFILE}: the lake lacks 1 recorded partitions ({DAY})" in said(ran.output)
    assert {**bank.everything(), SERVING: 0} == {**before, SERVING: 0}
    assert bank.run(DAY).steps == ()


@pytest.mark.slow
def test_a_missing_profile_store_is_loaded_anew(sound_bank: SmallBank) -> None:
    bank, before = sound_bank, sound_bank.everything()
    shutil.rmtree(bank.deployment.store_path.parent)
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert ran.tables == {SERVING}
    assert "The profile store is gone" in ran.output
    assert [r["item"] for r in bank.everything()[SERVING]] == [r["item"] for r in before[SERVING]]


def content(bank: SmallBank, name: str) -> Path:
    """The archived bytes of a delivery."""
    query = f"SELECT sha256 FROM raw.delivery WHERE file = '{name}'"
    ((row,),) = [bank.rows(query)]
    return next((bank.deployment.archive_dir / "content").glob(f"*/{row['sha256']}"))


def test_missing_archive_content_is_archived_again_or_asked_for(sound_bank: SmallBank) -> None:
    bank, name = sound_bank, card_file()
    kept = content(bank, name)
    delivered = kept.read_bytes()
    kept.unlink()
    (bank.landing / name).unlink()
    ran = bank.run(DAY)
    assert f"card: the archive lacks the bytes of {name}" in said(ran.output)
    bank.deliver({name: delivered})
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert "lacks" not in ran.output
    assert kept.read_bytes() == delivered


def test_damaged_archive_content_is_restored_by_the_same_bytes(sound_bank: SmallBank) -> None:
    bank, name = sound_bank, card_file()
    kept = content(bank, name)
    delivered = kept.read_bytes()
    flip(kept)
    bank.deliver({card_file(hour="235959"): delivered})
    assert bank.run(DAY).code == 0
    assert kept.read_bytes() == delivered
