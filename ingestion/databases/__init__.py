"""Reads tables of other people's MySQL, MariaDB and PostgreSQL databases, declared in a small file.

In the order in which a load goes: sources/databases.py reads the file, `credentials` finds how to log in,
`server` speaks with the other database, in the words of `dialects`; `rows_as_csv` writes what it reads,
`landed_table` knows what the warehouse has, and `load` brings them together. What lands is the difference:
landing/difference.py.
"""
