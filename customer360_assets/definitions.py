"""The code location: merges what the rooms define, decides nothing itself."""

from __future__ import annotations

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location of the deployment that the environment names."""
    from customer360_assets.merge import definitions_of
    from resources.deployment import deployment
    from resources.private import keep_private

    # Every code server and run worker comes by here before it writes anything.
    keep_private()
    return definitions_of(deployment())
