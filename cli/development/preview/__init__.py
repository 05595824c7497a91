"""`ontime preview`: rows of a model as it is edited now, without a build.

client.py      asks the process that keeps dbt warm, and starts it where there is none
process.py     that process: answers one question after the other, and ends when nobody asks
messages.py    what the two say to each other
answers.py     from a question to rows and counts
project.py     the project as dbt reads it, read again where a file changed
saved.py       the files as they were saved, and --watch
above.py       which models above are production's, and which are compiled in
history.py     the months that are shown of history
compiled.py    a model's SQL, with macros.sql in the place of two macros
statement.py   what is asked of Postgres, and its errors at the model's line
ctes.py        one common table expression of a model
places.py      from a place in compiled SQL to the line of the model
counts.py      rows now, and in production
trial.py       what edits change in today's data, for `ontime impact`
trial_sql.py   a model that was tried beside production's
sessions.py    sessions that read only, or write nothing but tables of their own
words.py       names that are not there, and dbt's errors with file and line
show.py        rows as a table that fits
"""
