"""The command `ontime`.

main.py      the group, and what an error looks like   commands/: one module for each command
server/      the embedded Postgres, how roles log in, what they may do
loading/     what `load` was told, and the models that it writes
building/    what changed, dbt, failures
questions/   SQL, metrics, the summary
docs.py      for `make docs`: columns that the YAML leaves to the glossary
"""
