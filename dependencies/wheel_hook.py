"""Put the bill of materials into a wheel, at .dist-info/sboms/ (PEP 770)."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface[Any]):
    """Make the bill when a wheel is built, not for an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bill and name it to the builder."""
        if version == "editable":
            return
        # A build backend runs this file alone: the project is not on its path.
        sys.path.insert(0, self.root)
        try:
            made = importlib.import_module("dependencies.bill").text()
        finally:
            sys.path.remove(self.root)
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "customer360-assets.cdx.json"
        file.write_text(made, encoding="utf-8")
        build_data["sbom_files"].append(str(file))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file that the wheel has a copy of."""
        if version != "editable":
            self._folder.cleanup()
