"""The resources of each deployment, from its services."""
