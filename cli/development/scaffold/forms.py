"""A new form in which people have the flights of BTS: its columns, and what they are called here."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

from cli.development.scaffold.changes import Changes, after_last, before_first
from cli.development.scaffold.project import Project
from cli.development.scaffold.sources import ENTITIES, FORMS_PAGE, check_columns, check_name
from cli.development.scaffold.templates import LONGEST_LINE, render
from ingestion.errors import OntimeError

FOLDER = "models/staging/bts"
MODULE = "ingestion/sources/bts.py"
MACROS = "macros/staging/bts.sql"
UNION = f"{FOLDER}/base/base_bts__flights.sql"

# Lists of columns that go together, each a macro of MACROS.
GROUPS = ("minutes_of_bts", "stays_on_the_ground")
NEEDED = (("carrier", "carrier_id"), ("origin", "origin_id"), ("dest", "dest_id"))
ARRIVALS = ("arr_time", "arr_delay", "arr_del15")


@dataclass(frozen=True)
class Wanted:
    """A form with its columns as landing names them; `says` which of them means what we call so."""

    name: str
    about: str
    columns: Sequence[str]
    says: Mapping[str, str] = field(default_factory=dict)


def new_form(project: Project, wanted: Wanted) -> Changes:
    """Raises OntimeError for a name that is taken or none, and for columns that make no flight."""
    check_name(wanted.name)
    model = f"base_bts__{wanted.name}"
    project.check_new(model, "models/staging")
    check_columns(wanted.columns, *wanted.says.values())
    union, macros = (project.folder.joinpath(path).read_text(encoding="utf-8") for path in (UNION, MACROS))
    groups = {name: _literal(rf"macro {name}\(\).*?return\((\[.*?\])\)", macros) for name in GROUPS}
    ours = [
        *_literal(r"set columns = (\[.*?\])", union),
        *(name for group in groups.values() for name in group),
    ]
    said = _said(wanted, ours, _literal(r"set names = (\{.*?\}) -", macros))
    values = {
        "form": wanted,
        "model": model,
        "about": wanted.about.strip().rstrip("."),
        "said": said,
        "parts": {} if "flight_date" in said else {"year": "2013", "month": "1", said.pop("day"): "5"},
        "states_arrivals": any(name in said for name in ARRIVALS),
    }
    lacks = [name for name in ours if name not in said and name != "flight_date"]
    table = render("form_table.yml", **values)
    changes = Changes(project.folder)
    changes.edit(
        MODULE, lambda text: before_first('    Dataset("nycflights"', text, render("form.py", **values))
    )
    changes.edit(
        f"{FOLDER}/_bts__sources.yml", lambda text: before_first("      - name: delay_causes", text, table)
    )
    changes.add(f"{FOLDER}/base/{model}.sql", render("form.sql", **values))
    changes.append(f"{FOLDER}/base/_base_bts.yml", render("form.yml", **values), gap="")
    changes.edit(UNION, lambda text: before_first("} -%}", text, _lacking(wanted.name, lacks, groups)))
    changes.append(f"{FOLDER}/_bts_flights__unit_tests.yml", render("form_unit_test.yml", **values))
    changes.edit(ENTITIES, lambda text: text.replace("'nycflights'],", f"'nycflights', '{wanted.name}'],"))
    row = f"| {values['about']} | `{wanted.name}` | all its {len(wanted.columns)} columns |\n"
    changes.edit(FORMS_PAGE, lambda text: after_last(r"\| Kaggle 2015 \|", text, row))
    return changes


def _literal(pattern: str, text: str) -> Any:
    """A list or a mapping that stands in Jinja as Python has it."""
    (found,) = re.findall(rf"(?s){pattern}", text)[:1]
    return ast.literal_eval(found)


def _said(wanted: Wanted, ours: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which column of the form says what: as it was told, else by a name that extracts have for it."""
    said = {}
    for name in (*ours, "day"):
        ways = [wanted.says[name]] if name in wanted.says else [name, *names.get(name, ())]
        if found := next((way for way in ways if way in wanted.columns), None):
            said[name] = found
    if unknown := [name for name in wanted.says if name not in said]:
        raise OntimeError(f"flights have no {', '.join(unknown)}", f"they have: {', '.join(ours)}")
    if "flight_date" in said:
        said.pop("day", None)
    elif not {"year", "month"} <= set(wanted.columns) or "day" not in said:
        raise OntimeError("no column says the day of a flight", "name it: --says flight_date=<column>")
    for code, number in NEEDED:
        if code not in said and number not in said:
            raise OntimeError(f"no column says the {code} of a flight", f"name it: --says {code}=<column>")
    return said


def _lacking(form: str, lacks: Sequence[str], groups: Mapping[str, Sequence[str]]) -> str:
    """The line of a form in the list of what each lacks."""
    whole = [name for name, columns in groups.items() if set(columns) <= set(lacks)]
    rest = [name for name in lacks if not any(name in groups[group] for group in whole)]
    line = " + ".join((f"[{', '.join(map(repr, rest))}]", *(f"{name}()" for name in whole)))
    return fill(f"'{form}': {line},", LONGEST_LINE, initial_indent=" " * 4, subsequent_indent=" " * 8) + "\n"
