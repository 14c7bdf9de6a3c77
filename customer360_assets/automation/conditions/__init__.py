"""When a table's business date is made without anybody asking."""
