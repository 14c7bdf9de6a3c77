"""What a stage must have in its AWS account, as CloudFormation made from the stage's names."""
