"""The Dagster UI behind a guard: who may speak to it, and in what form."""
