"""Tables as their contracts and files define them: specifications, lineage, partitions."""
