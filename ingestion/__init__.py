"""Extract and land: what the sources say, as text, with its lineage. Knows nothing of dbt or Airflow.

load.py, for one source and what its user names:
    finding.py   which files are these?       fetch/, members of archives (archive.py), sheets of workbooks
    plan.py      of which dataset is each?    headers.py, forms.py; tabular/ where any table will do
    pipeline.py  tables, and a job for each   dlt, through destination.py
    landing.py   one file in one transaction  records.py and proof.py read it, ledger.py keeps account

apis/load.py: answers of web APIs, which land as files do.
"""
