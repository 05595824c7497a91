"""The command `ontime`.

main.py      the group, and what an error looks like   commands/: one module for each command
server/      the embedded Postgres, how roles log in, what they may do
loading/     what `load` was told, and the models that it writes
building/    what changed, dbt, failures
questions/   SQL, metrics, the summary, runs, features as a file
scheduling/  jobs, gaps, backfills; workflows for Oozie
development/ previews, own schemas, what a change reaches and makes other
site/        the pages that people look at
operations/  backups, old files
spark/       the cluster, the lake, a build there, marts back
runs/        what commands did, in ops.runs and as events of OpenLineage
docs.py      the models' documentation: columns that the YAML leaves to the glossary
"""
