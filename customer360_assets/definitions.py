"""The code location: merges what the packages define, decides nothing itself."""

from __future__ import annotations

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location of the deployment that the process's variables name."""
    # Late, so that a process that asks for the module alone does not load every library.
    from customer360_assets.assembly import definitions_of
    from resources.deployment.deployment import deployment
    from resources.files.private import keep_private

    # Every code server and run worker comes by here before it writes anything.
    keep_private()
    return definitions_of(deployment())
