"""What an environment needs in its AWS account, as CloudFormation made from its names."""
