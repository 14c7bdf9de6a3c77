"""The error that a script may expect of `pyspark.errors`."""

from __future__ import annotations


class AnalysisException(Exception):  # noqa: N818 (Spark's name)
    """A plan that cannot be: an unknown name, a type that does not fit, or no part of the subset.

    Raised before a row is read: the text names columns, functions and types and holds no value.
    """
