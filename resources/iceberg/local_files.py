"""How tables of one machine name their files, and how PyIceberg opens those names.

Names begin with `file://`: other Iceberg engines refuse a name without a scheme. The path after it
is as the file system has it, not encoded, which is how Trino and Hadoop read it.
"""

from pathlib import Path

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from resources.iceberg.addresses import SCHEME, path_of


class LocalFileIO(PyArrowFileIO):
    """PyIceberg's, which takes the part of a path after `?` or `#` for that of a web address."""

    @staticmethod
    def parse_location(location: str, properties: Properties = EMPTY_DICT) -> tuple[str, str, str]:
        """Return scheme, host (none) and path of a file's name, with or without a scheme."""
        return SCHEME.removesuffix("://"), "", str(Path(path_of(location)).absolute())
