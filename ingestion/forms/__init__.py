"""From bytes to a dataset: what a file is, and which of its records are sound.

plan.py          the plan of one file           planned_file.py
headers.py       names of its columns
records.py       its records, checked           proof.py: the fast half of the check
assignment.py    which dataset it is of
tabular/         tables of any kind             exact_json.py
"""
