"""One module for each command: its options, its help, and the one call that does it.

What is slow to import (dlt, dbt, metricflow) is imported when the command runs: `ontime --help` is quick.
"""
