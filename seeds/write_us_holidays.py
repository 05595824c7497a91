"""Writes seeds/us_holidays.csv, from the PyPI package `holidays` (MIT): python seeds/write_us_holidays.py

Federal holidays, also on the day on which they are observed, of all years that dim_dates knows. Run it again
when a holiday is made law, and commit what changed.
"""

import csv
from pathlib import Path

import holidays

FIRST_YEAR, LAST_YEAR = 1987, 2049
SEED = Path(__file__).with_name("us_holidays.csv")


def main() -> None:
    """Writes date and name, in the order of dates."""
    found = holidays.country_holidays("US", years=range(FIRST_YEAR, LAST_YEAR + 1), language="en_US")
    with SEED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["holiday_date", "holiday_name"])
        writer.writerows(
            (day.isoformat(), name) for day, name in sorted(found.items()) if day.year <= LAST_YEAR
        )


if __name__ == "__main__":
    main()
