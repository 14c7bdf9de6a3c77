"""A seeded bank: its deliveries, its core-banking database, its CRM app, and the truth about it.

`simulate` makes a folder; `core_banking` and `crm_app` serve what no file can show.
"""
