"""What the templates may say: no environment reaches into another, no star without a reason."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
from typer.testing import CliRunner

from infra.check import judged
from infra.cli import app
from infra.foundation import foundation
from infra.rules import STARS, broken, listed
from infra.settings import Settings
from infra.stacks import TEMPLATES
from infra.template import BODY_LIMIT, RESOURCE_LIMIT, Json, text_of
from resources.account.aws_names import AwsNames
from resources.dynamodb.ledger_table import counter_key, layout_key, receipts_of, states_of

ACCOUNT, REGION = "1" * 12, "eu-central-1"

SHARED = ("arn:aws:ec2:", "arn:aws:elasticmapreduce:")
"""Resources that AWS gives names of its own: a tag or the service's own use bounds them."""


def _names(environment: str, prefix: str = "customer360") -> AwsNames:
    return AwsNames(account=ACCOUNT, region=REGION, environment=environment, prefix=prefix)


def _made(environment: str) -> dict[str, Json]:
    return {stack: template(_names(environment), None) for stack, template in TEMPLATES.items()}


def _statements(template: Json, kinds: tuple[str, ...] = ("AWS::IAM::Policy",)) -> Iterator[Json]:
    for resource in template["Resources"].values():
        if resource["Type"] in kinds:
            yield from resource["Properties"]["PolicyDocument"]["Statement"]


def _patterns(environment: str) -> set[str]:
    """Every resource that a role of an environment may touch, as its policies spell it."""
    return {
        pattern
        for template in _made(environment).values()
        for statement in _statements(template)
        for pattern in listed(statement["Resource"])
        if isinstance(pattern, str) and pattern != "*" and not pattern.startswith(SHARED)
    }


@pytest.mark.parametrize("environment", ["prod", "staging", "branch", "branch-x"])
def test_no_role_reaches_into_another_environment(environment: str) -> None:
    shared = re.compile(r":catalog$|:datacatalog/|:log-group:/aws-dynamodb/imports:")  # AWS's own
    mine = {p for p in _patterns(environment) if not shared.search(p)}
    assert len(mine) > 30
    for other in {"prod", "staging", "branch", "branch-x", "branch-raw"} - {environment}:
        theirs = {re.sub(r"[*?]+", "a1b2c3", p) for p in _patterns(other)} - {
            p for p in _patterns(other) if shared.search(p)
        }
        reached = {(p, t) for p in mine for t in theirs if fnmatchcase(t, p)}
        assert reached == set()


def test_a_pattern_that_fits_a_branch_would_be_seen() -> None:
    theirs = {re.sub(r"[*?]+", "a1b2c3", p) for p in _patterns("branch-x")}
    loose = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/{_names('branch').base}-*"
    assert any(fnmatchcase(t, loose) for t in theirs)


def test_every_reason_for_a_star_is_needed() -> None:
    starred = {
        statement["Sid"]
        for template in _made("prod").values()
        for statement in _statements(template)
        if "*" in listed(statement["Resource"])
    }
    assert starred == set(STARS)


def test_nothing_deletes_what_was_delivered() -> None:
    names = _names("prod")
    archived = f"arn:aws:s3:::{names.archive.removeprefix('s3://')}/receipts/x"
    for statement in _statements(_made("prod")["platform"]):
        fits = any(
            isinstance(p, str) and fnmatchcase(archived, p) for p in listed(statement["Resource"])
        )
        assert not (fits and "s3:DeleteObject" in statement["Action"]), statement


def test_a_receipt_is_neither_changed_nor_deleted() -> None:
    names = _names("prod")
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{names.ledger_table}"
    found = [s for s in _statements(_made("prod")["platform"]) if table in listed(s["Resource"])]
    allowed, denied = (
        {a for s in found if s["Effect"] == effect for a in s["Action"]}
        for effect in ("Allow", "Deny")
    )
    assert {a.partition(":")[2] for a in allowed - denied} == {"GetItem", "PutItem", "Query"}
    (receipts,) = (s["Condition"] for s in found if s["Effect"] == "Deny")
    (pattern,) = receipts["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    assert fnmatchcase(receipts_of("card"), pattern)
    others = (key["ledger_subject"]["S"] for key in (counter_key("card"), layout_key()))
    assert not any(fnmatchcase(key, pattern) for key in (*others, states_of("card", "taken")))


@pytest.mark.parametrize("environment", ["prod", "branch-x"])
def test_a_template_fits(environment: str) -> None:
    made = _made(environment)
    # The foundation goes with the call; a larger platform is read from the foundation's bucket.
    assert len(text_of(made["foundation"])) < BODY_LIMIT
    assert len(text_of(made["platform"])) < 1_000_000
    assert all(len(t["Resources"]) < RESOURCE_LIMIT for t in made.values())


def test_data_outlives_the_stack_except_a_branch() -> None:
    for environment, fate in (("prod", "Retain"), ("staging", "Retain"), ("branch-x", "Delete")):
        made = foundation(_names(environment))
        data = {"AWS::S3::Bucket", "AWS::DynamoDB::Table"}
        kept = {r["DeletionPolicy"] for r in made.values() if r["Type"] in data}
        assert kept == {fate}


def test_every_name_is_the_environments_own() -> None:
    printed = "".join(text_of(t) for t in _made("branch-x").values())
    other = "".join(text_of(t) for t in _made("prod").values())
    assert _names("branch-x").base in printed
    assert _names("prod").base not in printed
    assert _names("branch-x").base not in other
    renamed = text_of(TEMPLATES["platform"](_names("prod", prefix="bank"), None))
    assert "customer360" not in renamed


def test_a_reader_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Settings(readers={"analyst": "secret"})
    assert Settings().classes_of("analyst") == ("none", "pseudonym", "quasi")


def test_the_template_is_printed_and_a_wrong_address_refused() -> None:
    address = f"aws://{ACCOUNT}/{REGION}/prod"
    printed = CliRunner().invoke(app, ["template", address, "foundation"])
    assert json.loads(printed.stdout) == _made("prod")["foundation"]
    refused = CliRunner().invoke(app, ["template", "aws://12/eu-central-1/prod"])
    assert refused.exit_code == 2
    assert "the account is 12 digits" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("resource", "path", "rule"),
    [
        ("RawBucket", ["BucketEncryption"], "RawBucket: a bucket is encrypted"),
        ("Profiles", ["SSESpecification"], "Profiles: a table is encrypted"),
        ("Ledger", ["SSESpecification"], "Ledger: a table is encrypted"),
        ("LandingQueue", ["KmsMasterKeyId"], "LandingQueue: AWS::SQS::Queue has no"),
        ("CrmSecret", ["KmsKeyId"], "CrmSecret: AWS::SecretsManager::Secret has no"),
        ("EmrLogs", ["KmsKeyId"], "EmrLogs: AWS::Logs::LogGroup has no"),
    ],
)
def test_data_without_the_key_is_found(resource: str, path: list[str], rule: str) -> None:
    made = copy.deepcopy(_made("prod"))
    (template,) = (t for t in made.values() if resource in t["Resources"])
    assert list(broken(template)) == []
    del template["Resources"][resource]["Properties"][path[0]]
    (found,) = broken(template)
    assert found.startswith(rule)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Action": "s3:GetObject", "Resource": "*"}, "is for every resource"),
        ({"Action": ["s3:*"], "Resource": "arn:aws:s3:::x/*"}, "allows s3:*"),
    ],
)
def test_a_role_that_may_too_much_is_found(statement: Json, rule: str) -> None:
    made = copy.deepcopy(_made("prod")["platform"])
    policy = made["Resources"]["GlueRolePolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"].append({"Sid": "Loose", "Effect": "Allow", **statement})
    (found,) = broken(made)
    assert found == f"GlueRolePolicy: statement Loose {rule}"


@pytest.mark.slow
def test_the_judges_find_what_is_wrong() -> None:
    made = copy.deepcopy(_made("prod"))
    base, store = (made[stack]["Resources"] for stack in ("foundation", "profiles"))
    del base["RawBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    del base["StageBucket"]["Properties"]["BucketEncryption"]
    base["Key"]["Properties"]["EnableKeyRotation"] = False
    base["AnalyticsBucket"]["Properties"]["Versioning"] = True
    del store["Profiles"]["Properties"]["PointInTimeRecoverySpecification"]
    ours, lint, policy = judged({f"{stack}.json": template for stack, template in made.items()})
    assert ours == "foundation.json: StageBucket: a bucket is encrypted by the environment's key"
    assert "'Versioning' was unexpected" in lint
    failed = set(re.findall(r"FAILED for resource: AWS::\w+::\w+\.(\w+)", policy))
    assert failed == {"RawBucket", "Key", "Profiles"}
