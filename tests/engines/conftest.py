"""An emulated account for the engines."""

from tests.aws.conftest import aws_endpoint

__all__ = ["aws_endpoint"]
