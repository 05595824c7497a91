"""The `ontime` command: the Postgres server, its roles, builds and questions to the marts."""
