"""`customer360 first-load`: the profile table of an environment on AWS, made from files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rich.console import Console

from resources.deployment.deployment import DeploymentError, deployment

PROFILE = "profile.customer_360"


def first_load_command(home: Path | None, business_date: dt.date) -> int:
    """Create the profile table with the profiles of a date; ExplainedError if that fails."""
    from resources.dynamodb.first_load import import_profiles
    from resources.wiring.deployed import services_of

    console = Console(highlight=False)
    target = deployment(home)
    if target.aws is None:
        raise DeploymentError(
            "A local store is loaded by customer360 run; this is for an environment on AWS: set "
            "CUSTOMER360_DEPLOYMENT."
        )
    lake = services_of(target)["lake"]
    expected = lake.dates(PROFILE, first=business_date, last=business_date).get(business_date)
    if not expected:
        raise DeploymentError(f"{PROFILE} has no rows on {business_date}: materialize it first.")
    rows = lake.batches(PROFILE, first=business_date, last=business_date)
    console.print(f"{expected:,} profiles of {business_date} go to {target.aws.profile_table}.")
    made = import_profiles(
        target.aws, business_date, f"first-load-{business_date}", rows, target.scratch_dir
    )
    console.print(
        f"{made:,} profiles are served. Deploy the stack, which adopts the table: python -m infra "
        "deploy."
    )
    return 0
