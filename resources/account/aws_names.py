"""The names of everything that one environment of the platform owns in an AWS account."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Layer = Literal["raw", "stage", "analytics"]
LAYERS: tuple[Layer, ...] = ("raw", "stage", "analytics")
LAYER_OF: dict[str, Layer] = {
    "raw": "raw",
    "quarantine": "raw",
    "stage": "stage",
    "dimension": "analytics",
    "profile": "analytics",
}
"""The bucket that each schema's tables lie in."""
SCHEME = "aws"
SHAPE = (
    "aws://<account>/<region>/<environment>,"
    " the environment being prod, staging, branch or branch-<name>"
)
_LONGEST_BUCKET = 63
_MEANT = {
    "account": "the account is 12 digits",
    "region": "the region is one like eu-central-1",
    "environment": (
        "the environment is prod, staging, branch or branch-<up to 12 letters and digits>"
    ),
    "prefix": "the prefix is 2 to 20 lower-case letters and digits, a letter first",
}


class AwsNames(BaseModel):
    """Names of one environment, all derived from these four fields. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str = Field(pattern=r"^\d{12}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    environment: str = Field(pattern=r"^(prod|staging|branch(-[a-z0-9]{1,12})?)$")
    prefix: str = Field(default="customer360", pattern=r"^[a-z][a-z0-9]{1,19}$")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a prefix that would make a bucket's name longer than S3 allows."""
        longest = max(len(self.bucket(layer)) for layer in LAYERS)
        if longest > _LONGEST_BUCKET:
            raise ValueError(
                f"a bucket's name would have {longest} characters, S3 allows {_LONGEST_BUCKET}:"
                " shorten the prefix or the branch"
            )
        return self

    @classmethod
    def parse(cls, address: str) -> Self:
        """Return the names of "aws://account/region/environment?prefix=…".

        Raises ValueError, in one line that names the wrong part and quotes nothing.
        """
        parts = urlsplit(address)
        path = parts.path.strip("/").split("/")
        options = parse_qsl(parts.query, keep_blank_values=True)
        odd = [name for name, _ in options] not in ([], ["prefix"]) or parts.fragment
        if parts.scheme != SCHEME or len(path) != 2 or odd:  # noqa: PLR2004 - region, environment
            raise ValueError(f"it is {SHAPE}")
        try:
            return cls(account=parts.netloc, region=path[0], environment=path[1], **dict(options))
        except ValidationError as error:
            first = error.errors()[0]
            wrong = _MEANT[str(first["loc"][0])] if first["loc"] else first["ctx"]["error"]
            raise ValueError(f"it is {SHAPE}; {wrong}") from None

    @property
    def address(self) -> str:
        """Return what `parse` reads: the deployment's address."""
        return f"{SCHEME}://{self.account}/{self.region}/{self.environment}?prefix={self.prefix}"

    @property
    def base(self) -> str:
        """Return what every name of the environment starts with."""
        return f"{self.prefix}-{self.environment}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that the environment owns.

        The key is "stage": clusters and cost reports of deployed accounts carry it, and the
        policy of the code location admits clusters by it.
        """
        return {"application": self.prefix, "stage": self.environment}

    def bucket(self, layer: Layer) -> str:
        """Return the bucket of a layer."""
        return f"{self.base}-{self.region}-{self.account}-{layer}"

    @property
    def access_logs(self) -> str:
        """The bucket of the buckets' access logs."""
        return f"{self.base}-{self.region}-{self.account}-logs"

    def table_location(self, schema: str, table: str) -> str:
        """Return the S3 address that a table's files lie under."""
        return f"{self.schema_location(schema)}/{table}"

    def schema_location(self, schema: str) -> str:
        """Return the S3 address that a schema's tables lie under."""
        return f"s3://{self.bucket(LAYER_OF[schema])}/warehouse/{schema}"

    def database(self, schema: str) -> str:
        """Return the Glue database of a schema (Athena allows no hyphen without quotes)."""
        return re.sub(r"\W", "_", f"{self.base}_{schema}")

    @property
    def temporary_database(self) -> str:
        """The Glue database of candidates and mounted files."""
        return self.database("temporary")

    @property
    def landing(self) -> str:
        """The S3 address that deliveries arrive under."""
        return f"s3://{self.bucket('raw')}/landing"

    @property
    def archive(self) -> str:
        """The S3 address of delivered bytes."""
        return f"s3://{self.bucket('raw')}/archive"

    @property
    def temporary(self) -> str:
        """The S3 address of what a lifecycle rule deletes: query results, mounted files, inputs."""
        return f"s3://{self.bucket('analytics')}/temporary"

    @property
    def code(self) -> str:
        """The S3 address of the job scripts."""
        return f"s3://{self.bucket('analytics')}/code"

    @property
    def job_logs(self) -> str:
        """The S3 address of EMR's logs."""
        return f"s3://{self.bucket('analytics')}/temporary/logs"

    @property
    def query_results(self) -> str:
        """The S3 address of the workgroup's results."""
        return f"{self.temporary}/athena"

    def reader_results(self, reader: str) -> str:
        """Return the S3 address of the query results of a role; no other role reads it."""
        return f"s3://{self.bucket('analytics')}/readers/{reader}"

    def reader_workgroup(self, reader: str) -> str:
        """Return the Athena workgroup of a role."""
        return self._part(reader)

    @property
    def workgroup(self) -> str:
        """The Athena workgroup."""
        return self.base

    def glue_job(self, script: str) -> str:
        """Return the Glue job of a script of `spark/`, named without its ending."""
        return self._part(script)

    @property
    def emr_application(self) -> str:
        """The EMR Serverless application."""
        return f"{self.base}-spark"

    @property
    def state_machine(self) -> str:
        """The Step Functions state machine that fans queries out."""
        return f"{self.base}-queries"

    @property
    def state_machine_arn(self) -> str:
        """The state machine's ARN."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.state_machine}"

    @property
    def profile_table(self) -> str:
        """The DynamoDB table of the profile store."""
        return f"{self.base}-customer-profile"

    @property
    def ledger_table(self) -> str:
        """The DynamoDB table of the ledger of deliveries."""
        return f"{self.base}-ledger"

    @property
    def landing_queue(self) -> str:
        """The SQS queue of new objects in the landing zone."""
        return f"{self.base}-landing"

    @property
    def dead_letters(self) -> str:
        """The SQS queue of messages that nobody could take."""
        return f"{self.landing_queue}-dead"

    def log_group(self, service: str) -> str:
        """Return the CloudWatch log group of a service."""
        return f"/{self.base}/{service}"

    @property
    def personal_data_tag(self) -> str:
        """The key of the Lake Formation tag (an account's tags are shared by its environments)."""
        return f"{self.base}-personal-data"

    @property
    def key_alias(self) -> str:
        """The alias of the KMS key."""
        return f"alias/{self.base}"

    @property
    def core_banking_secret(self) -> str:
        """The Secrets Manager secret of the core-banking database."""
        return f"{self.base}/core-banking"

    @property
    def core_banking_connection(self) -> str:
        """The Glue connection of the core-banking database."""
        return f"{self.base}-core-banking"

    @property
    def crm_secret(self) -> str:
        """The Secrets Manager secret of the CRM API's address and token."""
        return f"{self.base}/crm"

    @property
    def card_key_secret(self) -> str:
        """The Secrets Manager secret of the card tokens' key."""
        return f"{self.base}/card-token-key"

    def stack(self, part: str) -> str:
        """Return a CloudFormation stack of the environment."""
        return self._part(part)

    def role(self, service: str) -> str:
        """Return the IAM role that a service or the code location runs as."""
        return self._part(service)

    def role_arn(self, service: str) -> str:
        """Return the ARN of `role(service)`."""
        return f"arn:aws:iam::{self.account}:role/{self.role(service)}"

    def _part(self, name: str) -> str:
        """Return a name whose last hyphen ends the base, or branch's a-b would be branch-a's b."""
        return f"{self.base}-{name.replace('-', '_')}"

    @property
    def alarm_topic(self) -> str:
        """The SNS topic of alarms."""
        return f"{self.base}-alarms"
