"""Where the scripts of `spark/` run: Glue jobs, the connection they extract by, EMR Serverless."""

from __future__ import annotations

from pathlib import Path

from infra.settings import Settings
from infra.template import Json, Resources, attribute, logical_id, ref, tags_of
from resources.account.aws_names import AwsNames

SPARK = Path(__file__).resolve().parents[1] / "spark"
GLUE_RELEASE, EMR_RELEASE = "5.0", "emr-7.8.0"
"""Both run Spark 3.5.4, which `make test-engines` runs too."""
SHARED = "job"
"""The module that scripts share; it is no job."""
LOGS = ("glue/output", "glue/error", "emr")
"""The log groups of jobs: Glue adds output and error to the prefix that it is given."""
PARAMETERS: Json = {
    "CoreBankingUrl": {
        "Type": "String",
        "AllowedPattern": "jdbc:[a-z]+:.+",
        "ConstraintDescription": "a JDBC address without user and password",
        "Description": "JDBC address of the core-banking database, without user and password",
    },
    "SubnetId": {
        "Type": "AWS::EC2::Subnet::Id",
        "Description": "Private subnet from which core banking, S3, Glue and KMS are reached",
    },
    "AvailabilityZone": {
        "Type": "AWS::EC2::AvailabilityZone::Name",
        "Description": "The subnet's zone",
    },
    "SecurityGroupId": {
        "Type": "AWS::EC2::SecurityGroup::Id",
        "Description": "Group of the extraction; it must allow all TCP from itself",
    },
}


def scripts() -> tuple[str, ...]:
    """Return the scripts of `spark/`, each of which is a job."""
    return tuple(sorted(p.stem for p in SPARK.glob("*.py") if p.stem != SHARED))


def jobs(names: AwsNames, key: Json, settings: Settings) -> Resources:
    """Return a Glue job for every script (an idle one costs nothing) and the EMR application."""
    resources: Resources = {
        "CoreBanking": _connection(names),
        "JobSecurity": {
            "Type": "AWS::Glue::SecurityConfiguration",
            "Properties": {
                "Name": names.base,
                "EncryptionConfiguration": {
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": key}],
                    "CloudWatchEncryption": {
                        "CloudWatchEncryptionMode": "SSE-KMS",
                        "KmsKeyArn": key,
                    },
                    "JobBookmarksEncryption": {
                        "JobBookmarksEncryptionMode": "CSE-KMS",
                        "KmsKeyArn": key,
                    },
                },
            },
        },
        **{logical_id(s, "logs"): log_group(names, s, key, settings) for s in LOGS},
        "Spark": _application(names, settings),
    }
    for script in scripts():
        resources[logical_id(script, "job")] = _glue_job(names, script, settings)
    return resources


def log_group(names: AwsNames, service: str, key: Json, settings: Settings) -> Json:
    """Return a log group of the environment."""
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": names.log_group(service),
            "KmsKeyId": key,
            "RetentionInDays": settings.log_days,
            "Tags": tags_of(names.tags),
        },
    }


def _connection(names: AwsNames) -> Json:
    return {
        "Type": "AWS::Glue::Connection",
        "Properties": {
            "CatalogId": names.account,
            "ConnectionInput": {
                "Name": names.core_banking_connection,
                "ConnectionType": "JDBC",
                "ConnectionProperties": {
                    "JDBC_CONNECTION_URL": ref("CoreBankingUrl"),
                    "JDBC_ENFORCE_SSL": "true",
                    "SECRET_ID": names.core_banking_secret,
                },
                "PhysicalConnectionRequirements": {
                    "AvailabilityZone": ref("AvailabilityZone"),
                    "SecurityGroupIdList": [ref("SecurityGroupId")],
                    "SubnetId": ref("SubnetId"),
                },
            },
        },
    }


def _glue_job(names: AwsNames, script: str, settings: Settings) -> Json:
    # Only an extraction leaves the lake; the others need no network of the bank's.
    reach = {"Connections": {"Connections": [ref("CoreBanking")]}} if _extracts(script) else {}
    return {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Name": names.glue_job(script),
            "Role": attribute("GlueRole"),
            "GlueVersion": GLUE_RELEASE,
            "WorkerType": "G.1X",
            "NumberOfWorkers": settings.glue_workers,
            "Timeout": settings.glue_minutes,
            # Dagster decides whether a step is tried again, and finds what still runs.
            "MaxRetries": 0,
            "ExecutionProperty": {"MaxConcurrentRuns": 50},
            "SecurityConfiguration": ref("JobSecurity"),
            "Command": {
                "Name": "glueetl",
                "PythonVersion": "3",
                # Each run names the script that it was tested with, by the hash of its bytes.
                "ScriptLocation": f"{names.code}/{script}.py",
            },
            "DefaultArguments": {
                "--custom-logGroup-prefix": names.log_group("glue"),
                "--enable-auto-scaling": "true",
                "--enable-metrics": "true",
                "--job-bookmark-option": "job-bookmark-disable",
                "--TempDir": f"{names.temporary}/glue/",
            },
            "Tags": names.tags,
            **reach,
        },
    }


def _extracts(script: str) -> bool:
    return "jdbc" in (SPARK / f"{script}.py").read_text(encoding="utf-8").lower()


def _application(names: AwsNames, settings: Settings) -> Json:
    return {
        "Type": "AWS::EMRServerless::Application",
        "Properties": {
            "Name": names.emr_application,
            "ReleaseLabel": EMR_RELEASE,
            "Type": "SPARK",
            "Architecture": "ARM64",
            "AutoStartConfiguration": {"Enabled": True},
            "AutoStopConfiguration": {"Enabled": True, "IdleTimeoutMinutes": 15},
            "MaximumCapacity": {
                "Cpu": f"{settings.emr_vcpu} vCPU",
                "Memory": f"{settings.emr_memory_gb} GB",
                "Disk": f"{settings.emr_memory_gb * 5} GB",
            },
            "Tags": tags_of(names.tags),
        },
    }
