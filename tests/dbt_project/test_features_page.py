"""docs/features.md: its table is what the YAML of flight_features says, column by column."""

import re
from typing import Any

import yaml

from tests.projects import PROJECT

PAGE = PROJECT / "docs" / "features.md"
MODEL = PROJECT / "models" / "marts" / "data_science" / "flight_features.yml"
GLOSSARY = PROJECT / "models" / "glossary.md"

KNOWN = ("schedule", "calendar", "cutoff", "day", "observed", "never before")
HEADER = ("column", "role", "meaning", "unit", "known", "null")


def described(column: dict[str, Any]) -> str:
    """The description of a column, where it is a doc block the text of the glossary."""
    text = str(column["description"])
    if block := re.fullmatch(r"\{\{ doc\(\"(\w+)\"\) \}\}", text):
        found = re.search(
            rf"{{% docs {block[1]} %}}\n(.*?)\n{{% enddocs %}}", GLOSSARY.read_text(), re.DOTALL
        )
        assert found, f"the glossary has no {block[1]}"
        text = found[1]
    return " ".join(text.split())


def table() -> str:
    """The table of the page, as the YAML has it."""
    (model,) = yaml.safe_load(MODEL.read_text())["models"]
    lines = [HEADER, ("---",) * len(HEADER)]
    for column in model["columns"]:
        meta = column["config"]["meta"]
        assert meta["known"] in KNOWN, column["name"]
        assert (meta["role"] == "target") == column["name"].startswith("target_"), column["name"]
        assert (meta["role"] == "target") == (meta["known"] == "never before"), column["name"]
        cells = (meta["role"], described(column), meta.get("unit", ""), meta["known"], meta["null_means"])
        lines.append((f"`{column['name']}`", *cells))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def test_the_page_says_what_the_model_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table() in page, f"the table of docs/features.md has to be:\n{table()}"
    assert page.count("\n| `") == table().count("\n| `")


def test_the_page_explains_when_things_are_known() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for known in KNOWN:
        assert f"- **{known}**" in page
