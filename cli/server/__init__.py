"""The server: the embedded one, and any that PGHOST names."""
