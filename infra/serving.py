"""The profile store's table, and the queue of new deliveries."""

from __future__ import annotations

from infra.foundation import table
from infra.template import Json, Resources, attribute, policy, ref, tags_of
from resources.account.aws_names import AwsNames
from resources.dynamodb.table import definition

TRIES = 5
"""How often a message is taken before it is laid aside."""


def serving(names: AwsNames, key: Json) -> Resources:
    """Return the profile table, as the profile store itself defines it."""
    return {"Profiles": table(names, definition(names), key)}


def arrivals(names: AwsNames, key: Json) -> Resources:
    """Return the queue that is notified of every new object of the landing zone."""
    prefix = names.landing.split("/", 3)[3] + "/"
    notification = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": attribute("LandingQueue"),
        "Condition": {"ArnEquals": {"aws:SourceArn": attribute("NewObjects")}},
    }
    return {
        "DeadLetters": _queue(names, names.dead_letters, key),
        "LandingQueue": _queue(
            names,
            names.landing_queue,
            key,
            RedrivePolicy={
                "deadLetterTargetArn": attribute("DeadLetters"),
                "maxReceiveCount": TRIES,
            },
            VisibilityTimeout=300,
        ),
        "LandingQueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [ref("LandingQueue")],
                "PolicyDocument": policy(notification, _only_by_tls("LandingQueue")),
            },
        },
        "DeadLettersPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [ref("DeadLetters")],
                "PolicyDocument": policy(_only_by_tls("DeadLetters")),
            },
        },
        "NewObjects": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": names.landing_queue,
                "Description": "A delivery has arrived in the landing zone",
                "EventPattern": {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "account": [names.account],
                    "detail": {
                        "bucket": {"name": [names.bucket("raw")]},
                        "object": {"key": [{"prefix": prefix}]},
                    },
                },
                "Targets": [{"Id": "queue", "Arn": attribute("LandingQueue")}],
            },
        },
    }


def _queue(names: AwsNames, name: str, key: Json, **more: object) -> Json:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": name,
            "KmsMasterKeyId": key,
            "MessageRetentionPeriod": 14 * 24 * 3600,
            "Tags": tags_of(names.tags),
            **more,
        },
    }


def _only_by_tls(queue: str) -> Json:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": attribute(queue),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
