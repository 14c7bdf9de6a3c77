"""Tables as-of a business date: the dimensions, and the profile that joins them."""
