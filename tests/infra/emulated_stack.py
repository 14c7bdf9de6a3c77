"""The stacks of an environment on an emulated account, by the calls CloudFormation would make.

moto's CloudFormation creates about half of the types; for the rest, each resource's own properties
go to the API that creates it, so that what is asserted afterwards comes from the template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from infra.stacks import TEMPLATES
from infra.template import Json, text_of
from resources.account.aws_names import AwsNames
from resources.account.client import client

PARAMETERS = {
    "CoreBankingUrl": "jdbc:postgresql://core-banking.internal:5432/bank",
    "SubnetId": "subnet-1",
    "AvailabilityZone": "eu-central-1a",
    "SecurityGroupId": "sg-1",
}
BY_MOTO = {
    *("AWS::Events::Rule", "AWS::IAM::Policy", "AWS::IAM::Role"),
    *("AWS::KMS::Alias", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket"),
    *("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::StepFunctions::StateMachine"),
}
Call = Callable[["Stack", Json], Any]


def create(names: AwsNames) -> None:
    """Create both stacks of an environment; raises KeyError for a type that nobody creates."""
    for stack, template in TEMPLATES.items():  # in the order of their dependencies
        Stack(names, stack, template(names, None)).create()


class Stack:
    """One stack on its way into the emulated account."""

    def __init__(self, names: AwsNames, stack: str, template: Json) -> None:
        self.names, self.name = names, names.stack(stack)
        self.template, self.resources = template, template["Resources"]
        self.parameters = PARAMETERS if template.get("Parameters") else {}

    def api(self, service: str) -> Any:
        return client(service, self.names.region)

    def create(self) -> None:
        own = {k: r for k, r in self.resources.items() if r["Type"] in BY_MOTO}
        body = {**self.template, "Resources": self._stood_in(own)}
        for key in body["Resources"].values():
            if key["Type"] == "AWS::KMS::Key":
                key["Properties"].pop("Tags")  # moto takes KMS's own spelling of tags alone
        self.api("cloudformation").create_stack(
            StackName=self.name,
            TemplateBody=text_of(body),
            Parameters=[
                {"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()
            ],
        )
        for key, resource in self.resources.items():
            if key not in own or resource["Type"] in LEFT_OUT:
                call = (CALLS | LEFT_OUT)[resource["Type"]]
                call(self, self.resolved(resource["Properties"]))

    def resolved(self, value: Any) -> Any:
        """Return a property with its references replaced by what they refer to."""
        if isinstance(value, list):
            return [self.resolved(v) for v in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (reference := next(iter(value))) in self.references:
            return self.references[reference](value[reference])
        return {k: self.resolved(v) for k, v in value.items()}

    @cached_property
    def references(self) -> dict[str, Callable[[Any], str]]:
        exports = self.api("cloudformation").list_exports()["Exports"]
        exported = {e["Name"]: e["Value"] for e in exports}
        return {
            "Ref": lambda logical: self.parameters.get(logical) or self.physical(logical),
            "Fn::GetAtt": lambda given: self.arn(given[0]),
            "Fn::ImportValue": lambda name: exported[name],
            "Fn::Join": lambda given: given[0].join(self.resolved(given[1])),
        }

    def physical(self, logical: str) -> str:
        if self.resources[logical]["Type"] not in BY_MOTO:
            return f"{self.name}-{logical}"
        found = self.api("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def arn(self, logical: str) -> str:
        kind, properties = (self.resources[logical][k] for k in ("Type", "Properties"))
        if kind == "AWS::IAM::Role":
            return f"arn:aws:iam::{self.names.account}:role/{properties['RoleName']}"
        if kind == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{properties['BucketName']}"
        if kind in BY_MOTO:
            logical = f"key/{self.physical(logical)}"
        service = kind.split("::")[1].lower()
        return f"arn:aws:{service}:{self.names.region}:{self.names.account}:{logical}"

    def _stood_in(self, value: Any) -> Any:
        """Remove references to resources that moto does not create."""
        if isinstance(value, list):
            return [self._stood_in(v) for v in value]
        if not isinstance(value, dict):
            return value
        for reference in ("Ref", "Fn::GetAtt"):
            if set(value) == {reference}:
                named = value[reference]
                logical = named if isinstance(named, str) else named[0]
                known = self.resources.get(logical)
                if known is not None and known["Type"] not in BY_MOTO:
                    return self.arn(logical)
        after = [k for k in value.get("DependsOn", []) if self.resources[k]["Type"] in BY_MOTO]
        kept = {**value, "DependsOn": after} if "DependsOn" in value else value
        return {k: self._stood_in(v) for k, v in kept.items()}


def _table(stack: Stack, given: Json) -> None:
    protected, secret = given.pop("PointInTimeRecoverySpecification"), given["SSESpecification"]
    given["SSESpecification"] = {"Enabled": secret.pop("SSEEnabled"), **secret}
    api = stack.api("dynamodb")
    api.create_table(**given)
    api.update_continuous_backups(
        TableName=given["TableName"], PointInTimeRecoverySpecification=protected
    )


def _bucket(stack: Stack, given: Json) -> None:
    """Configure what moto's CloudFormation leaves out of a bucket; it refuses access logs."""
    s3, bucket = stack.api("s3"), {"Bucket": given["BucketName"]}
    s3.put_bucket_versioning(**bucket, VersioningConfiguration=given["VersioningConfiguration"])
    closed = given["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=closed)
    rules = [_lifecycle(dict(rule)) for rule in given["LifecycleConfiguration"]["Rules"]]
    s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": rules})


def _lifecycle(rule: Json) -> Json:
    rule["ID"], rule["Filter"] = rule.pop("Id"), {"Prefix": rule.pop("Prefix", "")}
    if days := rule.pop("ExpirationInDays", None):
        rule["Expiration"] = {"Days": days}
    return rule


def _bucket_policy(stack: Stack, given: Json) -> None:
    stack.api("s3").put_bucket_policy(
        Bucket=given["Bucket"], Policy=json.dumps(given["PolicyDocument"])
    )


def _queue_policy(stack: Stack, given: Json) -> None:
    for url in given["Queues"]:
        stack.api("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(given["PolicyDocument"])}
        )


def _topic_policy(stack: Stack, given: Json) -> None:
    for arn in given["Topics"]:
        stack.api("sns").set_topic_attributes(
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue=json.dumps(given["PolicyDocument"]),
        )


def _workgroup(stack: Stack, given: Json) -> None:
    given = {k: v for k, v in given.items() if k not in ("State", "RecursiveDeleteOption")}
    stack.api("athena").create_work_group(
        Configuration=given.pop("WorkGroupConfiguration"), **given
    )


def _application(stack: Stack, given: Json) -> None:
    names = {k: k[0].lower() + k[1:] for k in given}
    made = {names[k]: v for k, v in given.items() if k in ("Name", "ReleaseLabel", "Type")}
    tags = {t["Key"]: t["Value"] for t in given["Tags"]}
    stack.api("emr-serverless").create_application(clientToken=stack.name, tags=tags, **made)


def _grant(stack: Stack, given: Json) -> None:
    stack.api("lakeformation").grant_permissions(CatalogId=stack.names.account, **given)


def _plain(service: str, operation: str, *without: str) -> Call:
    """Return the call whose parameters are named as the properties."""

    def call(stack: Stack, given: Mapping[str, Any]) -> None:
        kept = {k: v for k, v in given.items() if k not in without}
        getattr(stack.api(service), operation)(**kept)

    return call


LEFT_OUT: dict[str, Call] = {"AWS::S3::Bucket": _bucket}
CALLS: dict[str, Call] = {
    "AWS::Athena::WorkGroup": _workgroup,
    "AWS::CloudWatch::Alarm": _plain("cloudwatch", "put_metric_alarm"),
    "AWS::DynamoDB::Table": _table,
    "AWS::EMRServerless::Application": _application,
    "AWS::Glue::Connection": _plain("glue", "create_connection"),
    "AWS::Glue::Database": _plain("glue", "create_database"),
    "AWS::Glue::Job": _plain("glue", "create_job"),
    "AWS::Glue::SecurityConfiguration": lambda _stack, _given: None,  # unknown to moto
    "AWS::LakeFormation::PrincipalPermissions": _grant,
    "AWS::LakeFormation::Resource": _plain("lakeformation", "register_resource"),
    "AWS::LakeFormation::Tag": _plain("lakeformation", "create_lf_tag"),
    "AWS::LakeFormation::TagAssociation": _plain("lakeformation", "add_lf_tags_to_resource"),
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SecretsManager::Secret": _plain("secretsmanager", "create_secret"),
}
