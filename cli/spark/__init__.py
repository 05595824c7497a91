"""A Spark cluster on this machine: a Master, two Workers and a Thrift server (HiveServer2).

Nothing of it is ours but the start: the programs are those of the package `pyspark`, the Hive metastore lies
in Postgres. Who has a cluster already names it (settings.py) and never starts this one.
"""
