"""`ontime site`: pages of what is published, in one folder that opens from a file and needs no network."""
