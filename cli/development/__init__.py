"""A change on its way: tried, looked at and checked before anybody publishes it.

scaffold/     `ontime new`: models, marts, metrics, sources and forms, begun from templates
columns.py    which column is made of which: from compiled SQL (sql_columns.py) over relations.py
impact.py     `ontime impact`: what a change reaches (in words: show_impact.py)
edits.py      `ontime impact` after an edit: what it changes with today's data (in words: show_edits.py)
production.py where production has what spaces and previews read
preview/      `ontime preview`: rows of a model as it is edited now
space/        `ontime dev`: own schemas, and what they take from production
diff.py       `ontime diff`: own rows beside production's (its SQL: diff_sql.py; in words: show_diff.py)
check/        `ontime check`: what CI would say
failures.py   `ontime failures`: what failed last, with its rows
"""
