"""Tables of any kind, for every source: what they are, their first bytes say, not their names.

Each kind has a reader with `header()`, what its columns are called, and `records(width)`, its records in
order: sound ones as COPY reads them, the others with the reason, as ingestion/forms/records.py gives those
of CSV. What a reader's library takes a second to import is imported where such a file comes up.
"""
