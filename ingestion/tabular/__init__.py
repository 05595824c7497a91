"""Tables of any kind for the source `files`: what they are is seen from their first bytes, not from their name.

Each kind has a reader with `header()`, the names of its columns, and `records(width)`, its records in order, sound
ones as COPY reads them and the others with the reason: what ingestion/records.py gives for CSV.
"""
