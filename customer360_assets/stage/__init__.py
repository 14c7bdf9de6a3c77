"""Stage: typed, one grain, deduplicated by a stated order."""
