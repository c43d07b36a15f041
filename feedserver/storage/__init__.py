"""The database: engine, transactions, every table on one page, migrations."""
