"""What is checked of every table before it is published, and how it is reported."""
