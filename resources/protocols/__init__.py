"""What the platform asks of a storage, an engine or a service, one protocol per role."""
