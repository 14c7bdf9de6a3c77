"""How PyIceberg reaches S3: as boto3 does. Loaded by PyIceberg, by name, when a table is."""

import os
from functools import lru_cache
from typing import Any

from pyiceberg.io.pyarrow import PyArrowFileIO


class S3FileIO(PyArrowFileIO):
    """Arrow's S3 client with the credentials that boto3 finds, whatever they come from.

    Arrow's own search knows fewer sources, and one worker would act as two identities.
    """

    def _initialize_s3_fs(self, _bucket: str | None) -> Any:
        from botocore.exceptions import NoCredentialsError
        from pyarrow.fs import S3FileSystem

        found = _session(os.getpid()).get_credentials()
        if found is None:
            raise NoCredentialsError()
        # Temporary ones expire; they are asked for anew with every table that is loaded.
        keys = found.get_frozen_credentials()
        return S3FileSystem(
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            session_token=keys.token,
            region=self.properties["s3.region"],
            endpoint_override=self.properties.get("s3.endpoint"),
            # A small file is one request, not three.
            allow_delayed_open=True,
        )


@lru_cache(maxsize=4)
def _session(_process: int) -> Any:
    """Return a session that renews its credentials by itself."""
    import boto3

    return boto3.session.Session()
