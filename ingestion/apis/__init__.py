"""Asks web APIs for the weather of hours that are needed and missing. Their answers land as files do.

load.py, for one API and the hours that somebody needs:
    hours.py      which of them are missing?   spans of hours: united, without others, cut into requests
    answers.py    has it been answered?        the answers as they came, kept to be replayed
    client.py     ask, at the API's pace       dlt's REST client, with its retries
    iem.py open_meteo.py nws.py                what to ask, what an answer must be, its rows as CSV
"""
