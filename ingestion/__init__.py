"""Extract and land: what the sources say, as text, with its lineage. Knows nothing of dbt or Airflow.

load.py, for one source and what its user names:
    sources/   what is known of each publisher   declared as source.py says
    finding/   which files are these?            from names to bytes
    forms/     of which dataset is each?         from bytes to a dataset
    dlt/       tables, and a job for each file   through our destination
    landing/   one file in one transaction       rows, rejects, ledger

apis/ and databases/: answers of web APIs and tables of databases, which land as files do.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of the project, with its settings, its models and what it keeps."""
