"""Change sets: what a deployment would do, shown before it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from infra.template import BODY_LIMIT, Json, text_of
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import code_of, explained

_POLLS = {"Delay": 5, "MaxAttempts": 720}


def deploy_stack(
    names: AwsNames, stack: str, template: Json, parameters: Mapping[str, str], *, do: bool
) -> Iterator[str]:
    """Yield a line per change of the stack; with `do`, make the changes and wait for their end.

    Raises AwsError, and RuntimeError naming the resource that AWS refused.
    """
    api, name = client("cloudformation", names.region), names.stack(stack)
    exists = _exists(api, name)
    if not exists and not do:
        # A change set of a new stack leaves an empty stack behind: read from the template.
        yield from (f"Add {made['Type']} {key}" for key, made in template["Resources"].items())
        return
    change_set = _proposed(names, api, name, template, parameters, exists=exists)
    changes = list(_changes(api, change_set))
    yield from changes or ["nothing changes"]
    if not do or not changes:
        with explained("drop a change set of", name):
            api.delete_change_set(ChangeSetName=change_set)
        return
    with explained("deploy", name):
        api.execute_change_set(ChangeSetName=change_set)
    _finished(api, name, _waiter(api, name, exists=exists))
    yield "done"


def _exists(api: Any, name: str) -> bool:
    from botocore.exceptions import ClientError

    with explained("look for stack", name):
        try:
            found = api.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError":  # CloudFormation's word for "no such stack"
                return False
            raise
    return bool(found[0]["StackStatus"] != "REVIEW_IN_PROGRESS")


def _proposed(
    names: AwsNames,
    api: Any,
    name: str,
    template: Json,
    parameters: Mapping[str, str],
    *,
    exists: bool,
) -> str:
    """Create the change set; return it when it is readable."""
    from botocore.exceptions import WaiterError

    text = text_of(template)
    digest = hashlib.sha256(f"{text}{sorted(parameters.items())}".encode()).hexdigest()[:20]
    adopted = [] if exists else _there_already(names, template)
    kept = [p for p in template.get("Parameters", {}) if exists and p not in parameters]
    with explained("propose changes of", name):
        made = api.create_change_set(
            StackName=name,
            ChangeSetName=f"c-{digest}",
            ChangeSetType="UPDATE" if exists else "IMPORT" if adopted else "CREATE",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                *({"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()),
                *({"ParameterKey": k, "UsePreviousValue": True} for k in kept),
            ],
            Tags=[{"Key": key, "Value": value} for key, value in names.tags.items()],
            **_body(names, name, text, digest),
            **({"ResourcesToImport": adopted} if adopted else {}),
        )
        try:
            api.get_waiter("change_set_create_complete").wait(
                ChangeSetName=made["Id"], WaiterConfig=_POLLS
            )
        except WaiterError as error:
            described = api.describe_change_set(ChangeSetName=made["Id"])
            # A change set without a change is a failed one.
            if "didn't contain changes" not in described.get("StatusReason", ""):
                raise RuntimeError(f"{name}: {described.get('StatusReason')}") from error
    return str(made["Id"])


def _there_already(names: AwsNames, template: Json) -> list[dict[str, Any]]:
    """Return the tables of a new stack made before by an import from S3: the stack adopts them."""
    from botocore.exceptions import ClientError

    found = []
    for logical, resource in template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        table = resource["Properties"]["TableName"]
        with explained("look for the DynamoDB table", table):
            try:
                client("dynamodb", names.region).describe_table(TableName=table)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    continue
                raise
        found.append(
            {
                "ResourceType": resource["Type"],
                "LogicalResourceId": logical,
                "ResourceIdentifier": {"TableName": table},
            }
        )
    return found


def _waiter(api: Any, name: str, *, exists: bool) -> str:
    """Return the name of the waiter for the stack's present operation."""
    with explained("look at", name):
        status = api.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    if status.startswith("IMPORT"):
        return "stack_import_complete"
    return "stack_update_complete" if exists else "stack_create_complete"


def _body(names: AwsNames, name: str, text: str, digest: str) -> dict[str, str]:
    """Return the template itself, or its address if it is too large for a call."""
    if len(text.encode()) <= BODY_LIMIT:
        return {"TemplateBody": text}
    bucket, key = names.bucket("analytics"), f"code/templates/{name}-{digest}.json"
    with explained("upload the template to", f"s3://{bucket}"):
        client("s3", names.region).put_object(Bucket=bucket, Key=key, Body=text.encode())
    return {"TemplateURL": f"https://{bucket}.s3.{names.region}.amazonaws.com/{key}"}


def _changes(api: Any, change_set: str) -> Iterator[str]:
    pages = api.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    for page in pages:
        for change in page.get("Changes", ()):
            one = change["ResourceChange"]
            replaced = " (replaced)" if one.get("Replacement") == "True" else ""
            yield f"{one['Action']} {one['ResourceType']} {one['LogicalResourceId']}{replaced}"


def _finished(api: Any, name: str, waiter: str) -> None:
    from botocore.exceptions import WaiterError

    try:
        api.get_waiter(waiter).wait(StackName=name, WaiterConfig=_POLLS)
    except WaiterError as error:
        with explained("read the events of", name):
            events = api.describe_stack_events(StackName=name)["StackEvents"]
        # The newest comes first; what failed first is the reason of the rest.
        failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED")]
        first = failed[-1] if failed else events[0]
        raise RuntimeError(
            f"{name}: {first['LogicalResourceId']} {first['ResourceStatus']}:"
            f" {first.get('ResourceStatusReason', '')}"
        ) from error
