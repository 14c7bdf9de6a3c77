"""The source systems that are asked instead of waited for."""
