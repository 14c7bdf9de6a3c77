"""docs/aws.md names what is there: names of the environment, commands, numbers of the settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from infra.cli import app
from infra.settings import Settings
from infra.stacks import TEMPLATES
from resources.account.aws_names import AwsNames
from resources.athena.client import PRICE_PER_TB
from resources.jobs.emr_serverless_engine import Prices
from resources.jobs.glue_engine import PRICE_PER_DPU_HOUR

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "aws.md").read_text("utf-8")
NAMES = AwsNames(account="1" * 12, region="eu-central-1", environment="prod")
MEANT = {
    *(NAMES.bucket(layer) for layer in ("raw", "stage", "analytics")),
    *(NAMES.card_key_secret, NAMES.core_banking_secret, NAMES.crm_secret),
    NAMES.ledger_table,
    *(NAMES.alarm_topic, NAMES.dead_letters, NAMES.role("analyst"), NAMES.role("steward")),
}


def _named(text: str) -> set[str]:
    return set(re.findall(r"\bcustomer360-prod[a-z0-9/_-]*[a-z0-9]", text))


def test_every_name_in_the_text_is_one_of_the_environment() -> None:
    assert {n.removesuffix("/landing") for n in _named(TEXT)} <= MEANT
    assert len(_named(TEXT)) >= 7
    assert not _named("customer360-prod-gone") <= MEANT


def test_every_command_in_the_text_exists() -> None:
    there = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"python -m infra (\w+)", TEXT)) == there


@pytest.mark.parametrize("stack", TEMPLATES)
def test_every_stack_is_in_the_text(stack: str) -> None:
    assert f"`{stack}`" in TEXT


def test_prices_and_limits_are_those_of_the_code() -> None:
    settings, emr = Settings(), Prices()
    for said in (
        f"{PRICE_PER_TB} USD per TB",
        f"{PRICE_PER_DPU_HOUR} USD per DPU-hour",
        f"{emr.vcpu} + {emr.memory_gb} + {emr.storage_gb} USD",
        f"{settings.scan_limit_gb} GB\nfor one query of the platform",
        f"{settings.reader_scan_limit_gb} GB for one of a person",
        f"alarm at {settings.daily_scan_gb // 1000} TB a day",
        f"{settings.glue_minutes // 60} hours for a Glue\njob",
        f"{settings.emr_vcpu} vCPU for the application",
    ):
        assert said in TEXT, said
