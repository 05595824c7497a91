"""What terms mean: the doc blocks of models/glossary.md, where each is defined once."""

import re
from functools import cache

from ingestion import PROJECT

GLOSSARY = PROJECT / "models" / "glossary.md"

_BLOCK = re.compile(r"(?s)\{% docs (\w+) %\}\s*(.*?)\s*\{% enddocs %\}")


@cache
def glossary() -> dict[str, str]:
    """Each term and its text."""
    return dict(_BLOCK.findall(GLOSSARY.read_text(encoding="utf-8")))
