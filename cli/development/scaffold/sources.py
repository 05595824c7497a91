"""A new source of files: what declares it, what reads it, and where it is listed."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.console import nearest
from cli.development.scaffold.changes import Changes, after_last, before_first
from cli.development.scaffold.project import Project
from cli.development.scaffold.templates import LONGEST_PYTHON_LINE, render
from cli.loading.scaffold.guess import TEXT
from cli.loading.scaffold.models import relation_of, staged_name
from ingestion.errors import OntimeError
from ingestion.forms.headers import columns_of
from ingestion.source import OWN_TABLES

REGISTRY = "ingestion/sources/__init__.py"
ENTITIES = "macros/versions/entities.sql"
FORMS_PAGE = "docs/forms.md"
UNIT_TESTS_OF_FILES = "models/intermediate/files/_int_files__unit_tests.yml"
SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Wanted:
    """A source with its first dataset; `columns` as landing names them, `key` tells rows apart."""

    name: str
    dataset: str
    about: str
    columns: Sequence[str]
    key: str


def new_source(project: Project, wanted: Wanted) -> Changes:
    """A source that one publisher's files land in, with its first dataset. Raises OntimeError."""
    check_name(wanted.name)
    check_name(wanted.dataset)
    if project.folder.joinpath("ingestion", "sources", f"{wanted.name}.py").exists():
        raise OntimeError(f"ingestion/sources/{wanted.name}.py exists", "add a Dataset there")
    model = f"stg_{wanted.name}__{wanted.dataset}"
    project.check_new(model, "models/staging")
    check_columns(wanted.columns, wanted.key)
    names = {column: staged_name(column, TEXT) for column in wanted.columns}
    values = {
        "source": wanted,
        "model": model,
        "about": wanted.about.strip().rstrip("."),
        "names": names,
        "relation": relation_of(wanted.columns),
        "key": names[wanted.key],
        "constant": wanted.name.upper(),
    }
    folder = f"models/staging/{wanted.name}"
    changes = Changes(project.folder)
    changes.add(f"ingestion/sources/{wanted.name}.py", render("source.py", **values))
    changes.edit(REGISTRY, lambda text: _registered(text, wanted.name))
    changes.add(f"{folder}/_{wanted.name}__sources.yml", render("source_tables.yml", **values))
    changes.add(f"{folder}/{model}.sql", render("source_model.sql", **values))
    changes.add(f"{folder}/{model}.yml", render("source_model.yml", **values))
    changes.add(f"{folder}/_{wanted.name}__unit_tests.yml", render("source_unit_test.yml", **values))
    entity = f"'source': '{wanted.name}', 'entity': '{wanted.dataset}', 'key': '{names[wanted.key]}'"
    changes.edit(
        ENTITIES, lambda text: before_first("        {'source': 'files'", text, f"        {{{entity}}},\n")
    )
    # the model of all files reads the new ones too, and its unit test has to name each of its inputs
    nothing = f"      - input: source('{wanted.name}', 'files')\n        rows: []\n"
    changes.edit(
        UNIT_TESTS_OF_FILES, lambda text: before_first("      - input: source('files'", text, nothing)
    )
    row = f"| `{wanted.name}` | `{wanted.dataset}` |\n"
    changes.edit(FORMS_PAGE, lambda text: after_last(r"\| `airportsdata` \|", text, row))
    return changes


def header_of(file: Path) -> tuple[str, ...]:
    """The columns of a CSV file, under the names that they land by. Raises OntimeError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            first = opened.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise OntimeError(f"{file}: {error}", "name a CSV file in UTF-8, or give --columns a,b,c") from None
    separator = max(SEPARATORS, key=first.count)
    return tuple(filter(None, columns_of(next(csv.reader([first], delimiter=separator), []), str(file))))


def check_name(name: str) -> None:
    """Raises OntimeError for what can be no schema or raw table."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name in OWN_TABLES or "__" in name:
        raise OntimeError(
            f"{name or 'an empty text'} can name neither a source nor a table of it",
            "small letters, digits and single underscores, 40 at most, such as faa_delays",
        )


def check_columns(columns: Sequence[str], *used: str) -> None:
    """Raises OntimeError when there are none, or not those that are used."""
    if not columns:
        raise OntimeError("the columns are not known", "give a file with --from, or --columns a,b,c")
    for name in used:
        if name not in columns:
            raise OntimeError(f"there is no column {name}", nearest(name, columns) or "name another")


def _registered(text: str, name: str) -> str:
    """The import by the alphabet, and the source before FILES, which takes any file."""
    constant = name.upper()
    line = f"from ingestion.sources.{name} import {constant}\n"
    imports = re.findall(r"(?m)^from ingestion\.sources\.\w+ import .*\n", text)
    later = next((found for found in imports if found > line), None)
    text = text.replace(later, line + later) if later else text.replace(imports[-1], imports[-1] + line)
    (listed,) = re.findall(r"(?s)\n_OF_MODULES = \((.*?)\)\n", text)
    names = [found for found in re.split(r"[,\s]+", listed) if found]
    names.insert(names.index("FILES"), constant)
    declared = f"_OF_MODULES = ({', '.join(names)})"
    if len(declared) > LONGEST_PYTHON_LINE:
        declared = "_OF_MODULES = (\n" + "".join(f"    {found},\n" for found in names) + ")"
    return re.sub(r"(?s)_OF_MODULES = \(.*?\)", declared, text)
