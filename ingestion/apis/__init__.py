"""Asks web APIs for the weather of hours that are needed and missing. Their answers land as files do.

load.py, for one API and the hours that somebody needs:
    missing.py        which of them are missing?   spans of hours.py: united, without others, cut
    answer_files.py   answers as files to land     those that answers.py keeps to be replayed, then new ones
    client.py         ask, at the API's pace       with the patience of http.py
    iem.py open_meteo.py nws.py                    what to ask, what an answer must be, its rows as CSV
"""
