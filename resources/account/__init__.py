"""The AWS account: clients, errors in words that help, what runs there."""
