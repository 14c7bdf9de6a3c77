"""The state machine that runs the queries of one step side by side."""

from __future__ import annotations

import json
from pathlib import Path

import resources
from infra.jobs import log_group
from infra.settings import Settings
from infra.template import Json, Resources, attribute, excused, tags_of
from resources.account.aws_names import AwsNames

DEFINITION = Path(resources.__file__).parent / "state_machines" / "queries.asl.json"


def fan_out(names: AwsNames, key: Json, settings: Settings) -> Resources:
    """Return the state machine of `resources/state_machines/queries.asl.json` and its log."""
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    return {
        "QueryLogs": log_group(names, "queries", key, settings),
        "Queries": {
            "Type": "AWS::StepFunctions::StateMachine",
            "DependsOn": ["QueriesRolePolicy"],
            "Metadata": excused(
                CKV_AWS_284="One state per query: its history shows what a trace would."
            ),
            "Properties": {
                "StateMachineName": names.state_machine,
                "StateMachineType": "STANDARD",
                "DefinitionString": json.dumps(definition, separators=(",", ":")),
                "RoleArn": attribute("QueriesRole"),
                "LoggingConfiguration": {
                    "Level": "ERROR",
                    # A query's text and its error stay in the history, which ends after 90 days.
                    "IncludeExecutionData": False,
                    "Destinations": [
                        {"CloudWatchLogsLogGroup": {"LogGroupArn": attribute("QueryLogs")}}
                    ],
                },
                "Tags": tags_of(names.tags),
            },
        },
    }
