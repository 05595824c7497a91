"""Tables of any kind, for the source `files`: what they are, their first bytes say, not their names.

Each kind has a reader with `header()`, the names of its columns, and `records(width)`, its records in order:
sound ones as COPY reads them, the others with the reason, as ingestion/forms/records.py gives those of CSV.
"""
