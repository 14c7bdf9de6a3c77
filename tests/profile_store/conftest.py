"""The store of an environment on AWS is tested beside its local twin."""

from tests.aws.conftest import aws, aws_endpoint

__all__ = ["aws", "aws_endpoint"]
