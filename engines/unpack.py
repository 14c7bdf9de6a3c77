"""python -m engines.unpack FOLDER: verify the fetched archives, and unpack what runs."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

from engines.places import CHECKSUMS


def checksums(file: Path = CHECKSUMS) -> dict[str, str]:
    """Return the pinned SHA-256 of each archive, by its file name."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def differing(archives: Path, pinned: dict[str, str]) -> list[str]:
    """Return the archives that are absent or other than pinned, and files that are not pinned."""
    present = {path.name: _sha256(path) for path in archives.iterdir()}
    return sorted(name for name in pinned.keys() | present if present.get(name) != pinned.get(name))


def unpack_trino(archives: Path, target: Path) -> None:
    """Unpack the server and, as its only connector, Iceberg's; a killed call leaves no server."""
    draft = target.with_name(f"{target.name}.draft")
    for old in (draft, target):
        shutil.rmtree(old, ignore_errors=True)
    (server,) = archives.glob("trino-server-core-*.tar.gz")
    shutil.unpack_archive(server, draft, filter="data")
    (root,) = draft.iterdir()
    (connector,) = archives.glob("trino-iceberg-*.zip")
    # shutil.unpack_archive leaves out what has two dots in its name, as many of these jars have.
    with zipfile.ZipFile(connector) as zipped:
        zipped.extractall(draft / "connector")
    (jars,) = (draft / "connector").iterdir()
    jars.rename(root / "plugin" / "iceberg")
    root.rename(target)
    shutil.rmtree(draft)


def main() -> int:
    """Return 1, having unpacked nothing, if an archive is not the pinned one."""
    folder = Path(sys.argv[1])
    if wrong := differing(folder / "archives", checksums()):
        sys.stderr.write(f"not as engines/checksums.txt says: {', '.join(wrong)}\n")
        return 1
    unpack_trino(folder / "archives", folder / "trino")
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
