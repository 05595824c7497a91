"""What options of several commands have in common."""


def listed(names: str) -> tuple[str, ...]:
    """The names in `JFK,LGA`."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
