"""The licence that an installed distribution states for itself, as an SPDX expression."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from dependencies.locks import Pin, normal

UNKNOWN = "unknown"
# What packages without a PEP 639 expression write instead. "BSD" alone names no variant.
WRITTEN = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "LicenseRef-BSD",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 3-clause or apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "bsd license": "LicenseRef-BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psf license": "PSF-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu library or lesser general public license (lgpl)": "LicenseRef-LGPL",
}


def stated(metadata: PackageMetadata) -> str:
    """Return the licence: the expression, else the short text, else all the classifiers."""
    if expression := _field(metadata, "License-Expression"):
        return _spdx(expression)
    first = _field(metadata, "License").strip().partition("\n")[0]
    if (short := _spdx(first)) != UNKNOWN:
        return short
    prefix = "License ::"
    named = {
        _spdx(line.rpartition("::")[2].strip())
        for line in metadata.get_all("Classifier") or ()
        if line.startswith(prefix) and not line.endswith(":: OSI Approved")
    }
    # Classifiers do not say whether one may choose: all of them must be allowed.
    return UNKNOWN if not named or UNKNOWN in named else " AND ".join(sorted(named))


def installed(folders: Iterable[Path]) -> dict[Pin, str]:
    """Return the stated licence of every distribution in folders of packages."""
    return {
        _pin(one): stated(one.metadata) for one in distributions(path=[str(f) for f in folders])
    }


def _field(metadata: PackageMetadata, name: str) -> str:
    return str((metadata.get_all(name) or [""])[0])


def _pin(one: Distribution) -> Pin:
    return Pin(normal(one.metadata["Name"]), one.version)


def _spdx(text: str) -> str:
    try:
        return str(canonicalize_license_expression(WRITTEN.get(text.lower(), text)))
    except InvalidLicenseExpression:
        return UNKNOWN
