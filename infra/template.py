"""The shape of a template: resources by logical id, and the few expressions that they need.

Plain dictionaries: cfn-lint checks every property against AWS's own schema, so classes for them
would check the same again, and names come from `AwsNames`, so little is left to refer to.
"""

from __future__ import annotations

import json
import re
from typing import Any

Json = dict[str, Any]
Resources = dict[str, Json]

BODY_LIMIT = 51_200
"""Bytes of a template that a call may carry; a larger one is read from S3."""
RESOURCE_LIMIT = 500


def logical_id(*words: str) -> str:
    """Return a logical id of words: "landing-queue", "policy" is LandingQueuePolicy."""
    return "".join(w.capitalize() for w in re.split(r"[^a-zA-Z0-9]+", " ".join(words)) if w)


def attribute(resource: str, name: str = "Arn") -> Json:
    """Return an attribute of a resource of the same template."""
    return {"Fn::GetAtt": [resource, name]}


def ref(resource: str) -> Json:
    """Return the reference to a resource or parameter of the same template."""
    return {"Ref": resource}


def tags_of(tags: dict[str, str]) -> list[Json]:
    """Return tags as most resources take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def excused(**reasons: str) -> Json:
    """Return metadata by which checkov skips a rule (CKV_AWS_18="why")."""
    skips = [{"id": rule, "comment": why} for rule, why in reasons.items()]
    return {"checkov": {"skip": skips}}


def allow(
    actions: list[str], resources: Any, sid: str | None = None, when: Json | None = None
) -> Json:
    """Return one statement of a policy."""
    named = {"Sid": sid} if sid else {}
    only = {"Condition": when} if when else {}
    return {**named, "Effect": "Allow", "Action": actions, "Resource": resources, **only}


def policy(*statements: Json) -> Json:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text_of(template: Json) -> str:
    """Return the template without white space, in a stable order."""
    return json.dumps(template, separators=(",", ":"), sort_keys=True)
