"""Landing zone and archive on S3, and the lake's files on a worker."""
