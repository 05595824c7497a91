"""Will a flight arrive 15 minutes late or more? Said two hours before it leaves, from flight_features alone.

    python -m analyses.delay_model                         from the warehouse, to docs/delay_model.md
    python -m analyses.delay_model --from features.parquet

`data` reads, `history` adds what the day has been like so far, `split` says which months are for what,
`baselines` and `train` learn, `evaluate` and `plots` look at it, `predictions` writes what is said and scores
it when the truth has come, `card` tells. `python -m tests.leaks` certifies that none of it
knows the future.
"""
