"""What wakes somebody: failed jobs, messages that nobody took, throttling, too much scanned."""

from __future__ import annotations

from infra.jobs import scripts
from infra.settings import Settings
from infra.template import Json, Resources, policy, ref, tags_of
from resources.account.aws_names import AwsNames


def alarms(names: AwsNames, key: Json, settings: Settings) -> Resources:
    """Return the topic of alarms and its publishers. Subscribe to it by hand."""
    sources = {
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
        "Action": "sns:Publish",
        "Resource": ref("Alarms"),
        "Condition": {"StringEquals": {"aws:SourceAccount": names.account}},
    }
    return {
        "Alarms": {
            "Type": "AWS::SNS::Topic",
            "Properties": {
                "TopicName": names.alarm_topic,
                "KmsMasterKeyId": key,
                "Tags": tags_of(names.tags),
            },
        },
        "AlarmsPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [ref("Alarms")], "PolicyDocument": policy(sources)},
        },
        **_failures(names),
        "LetterDead": _alarm(
            names,
            "delivery-not-taken",
            "A delivery was announced five times and not taken in: see the dead-letter queue.",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": names.dead_letters},
            statistic="Maximum",
        ),
        "ProfileReadsThrottled": _alarm(
            names,
            "profile-reads-throttled",
            "DynamoDB throttles readers of profiles: a key is too hot, or a quota too low.",
            "AWS/DynamoDB",
            "ReadThrottleEvents",
            {"TableName": names.profile_table},
        ),
        "ProfileWritesThrottled": _alarm(
            names,
            "profile-writes-throttled",
            "DynamoDB throttles the load of profiles: it slows down, and loses nothing.",
            "AWS/DynamoDB",
            "WriteThrottleEvents",
            {"TableName": names.profile_table},
            above=10_000,
        ),
        "LedgerThrottled": _alarm(
            names,
            "ledger-throttled",
            "DynamoDB throttles writes of the ledger: intake waits, and fails if it lasts.",
            "AWS/DynamoDB",
            "WriteThrottleEvents",
            {"TableName": names.ledger_table},
            above=100,
        ),
        "FanOutThrottled": _alarm(
            names,
            "queries-throttled",
            "Step Functions throttles the fan-out of queries.",
            "AWS/States",
            "ExecutionThrottled",
            {"StateMachineArn": ref("Queries")},
        ),
        "ScannedTooMuch": _alarm(
            names,
            "scanned-too-much",
            f"Athena has read more than {settings.daily_scan_gb} GB in a day (5 USD per TB).",
            "AWS/Athena",
            "ProcessedBytes",
            {"WorkGroup": names.workgroup},
            above=settings.daily_scan_gb * 2**30,
            seconds=24 * 3600,
        ),
    }


def _failures(names: AwsNames) -> Resources:
    """Return the rules that report a failed job or fan-out."""
    jobs = [names.glue_job(script) for script in scripts()]
    return {
        "GlueJobFailed": _rule(
            "A Glue job has failed",
            ["aws.glue"],
            "Glue Job State Change",
            {"jobName": jobs, "state": ["FAILED", "TIMEOUT", "ERROR"]},
        ),
        "SparkJobFailed": _rule(
            "An EMR Serverless job has failed",
            ["aws.emr-serverless"],
            "EMR Serverless Job Run State Change",
            {"applicationId": [ref("Spark")], "state": ["FAILED"]},
        ),
        "FanOutFailed": _rule(
            "A fan-out of queries has failed as a whole",
            ["aws.states"],
            "Step Functions Execution Status Change",
            {"stateMachineArn": [ref("Queries")], "status": ["FAILED", "TIMED_OUT"]},
        ),
    }


def _rule(description: str, source: list[str], kind: str, detail: Json) -> Json:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": description,
            "EventPattern": {"source": source, "detail-type": [kind], "detail": detail},
            "Targets": [{"Id": "alarms", "Arn": ref("Alarms")}],
        },
    }


def _alarm(
    names: AwsNames,
    name: str,
    meaning: str,
    namespace: str,
    metric: str,
    dimensions: Json,
    *,
    above: int = 0,
    seconds: int = 300,
    statistic: str = "Sum",
) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": f"{names.alarm_topic}-{name}",
            "AlarmDescription": meaning,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
            "Statistic": statistic,
            "Period": seconds,
            "EvaluationPeriods": 1,
            "Threshold": above,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [ref("Alarms")],
            "Tags": tags_of(names.tags),
        },
    }
