"""Athena as the SQL engine, and Step Functions where queries run side by side."""
