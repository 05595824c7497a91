"""Whether so many rows can have vanished at once, or are more likely hidden from whoever reads.

A table that is being filled anew, another schema, a lost grant, row-level security: each looks like
deletions, and none is one.
"""

MOST = 0.2
"""The part of the rows that were there which may vanish between two reads; of more, somebody is to say so."""
FEW = 5
"""Fewer than so many are believed whatever their part: small tables change."""


def is_plausible(gone: int, before: int) -> bool:
    """Whether `gone` of `before` rows can be believed to have vanished. That all did never is."""
    return gone == 0 or (gone < before and (gone < FEW or gone <= MOST * before))
