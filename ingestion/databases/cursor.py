"""Where a read of changes begins: some way below the greatest value of the cursor that was seen."""

from datetime import date, datetime, timedelta

from ingestion.databases.dialects import CLOCKS, DATES, INTEGERS, Column
from ingestion.sources.databases import Window

Value = int | date | datetime


def problem(column: Column, window: Window | None) -> str | None:
    """Why a column cannot be a cursor with this window, if so."""
    if column.kind not in INTEGERS | DATES | CLOCKS:
        return f"is {column.type}, but a cursor is an integer, a date or a time with a date"
    if isinstance(window, timedelta) and column.kind in INTEGERS:
        return f"is {column.type}, of which a window is a number"
    if isinstance(window, int) and column.kind not in INTEGERS:
        return f'is {column.type}, of which a window is a time, such as "2 days"'
    return None


def start(until: str, column: Column, window: Window | None) -> Value | None:
    """The value from which on to read, None when `until` gives none: then everything is to be read.

    `until` is the text of a value of the column, as dialects.py has it cast.
    """
    try:
        if column.kind in INTEGERS:
            return int(until) - (window if isinstance(window, int) else 0)
        back = window if isinstance(window, timedelta) else timedelta()
        if column.kind in DATES:
            return (datetime.fromisoformat(until) - back).date()
        return datetime.fromisoformat(until) - back
    except (ValueError, OverflowError):  # 0000-00-00, infinity, before Christ
        return None
