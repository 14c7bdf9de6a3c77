"""What is known of the packages in the lock files: advisories, licences, a bill of materials."""
