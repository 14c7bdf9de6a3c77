"""python -m infra: print the templates of an environment, deploy them, classify its columns."""

from __future__ import annotations

import sys

from infra.cli import app
from resources.account.errors import AwsError


def main() -> int:
    """Run a command; what AWS refused is one line, not a traceback."""
    try:
        app()
    except (AwsError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
