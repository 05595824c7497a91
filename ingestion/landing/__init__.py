"""From planned files to rows: one file in one transaction, with account of each record.

landing.py      rows, rejects and ledger row of a file, together or not at all
one_month.py    refuses an archive with two months
difference.py   of a table that is read, what differs from the rows there
ledger.py       what was read, and how many rows went where
raw_schema.py   the tables of a source         raw_table.py: one of them
locks.py        one load at a time
"""
