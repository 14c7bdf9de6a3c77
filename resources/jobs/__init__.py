"""Spark jobs at a service: Glue, EMR Serverless, steps of an EMR cluster."""
