"""Customer-360 for banks: Dagster assets from delivered files to the profile of every customer."""
