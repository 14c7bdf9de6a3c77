"""The engines and stores of a local deployment, inside the process."""
