"""What the project has already, read from its files: models, columns and terms, and how names are to be."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from cli.console import nearest
from ingestion.errors import OntimeError

TO_DESCRIBE = "To be described."

# What a name says of its type (dbt-bouncer.yml), for columns that no mart has.
TYPES_BY_NAME = {
    r"^(target_)?(is|has)_": "boolean",
    r"_(at|hour)_(utc|local)$": "timestamp without time zone",
    r"(_month|_date|_date_local|_on|_from|_to)$": "date",
    r"(_minutes|_miles|_count|_no|_number|_hour)$|^(flights|cancelled|diverted|on_time|late)$": "integer",
    r"_(pct|share)$": "numeric(7, 4)",
}


@dataclass(frozen=True)
class Column:
    """A column as a mart's YAML has it; `is_known` says that the project describes it already."""

    name: str
    data_type: str
    description: str
    is_known: bool


@dataclass(frozen=True)
class Model:
    """A model that is there: its file in the project, and its entry in the YAML."""

    name: str
    path: Path
    described: dict[str, Any]

    @property
    def layer(self) -> str:
        """staging, intermediate, marts or audit."""
        return self.path.parts[1]

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.described.get("config") or {})

    @property
    def is_history(self) -> bool:
        return "history" in (self.config.get("meta") or {})

    @property
    def columns(self) -> list[str]:
        """All of them, of marts; of inner models those that their YAML describes."""
        return [column["name"] for column in self.described.get("columns") or ()]


@dataclass(frozen=True)
class Project:
    """The project in a folder."""

    folder: Path

    @cached_property
    def models(self) -> dict[str, Model]:
        described = {
            model["name"]: model
            for file in self.folder.joinpath("models").rglob("*.yml")
            for model in (_yaml(file) or {}).get("models") or ()
        }
        files = sorted(self.folder.joinpath("models").rglob("*.sql"))
        return {
            file.stem: Model(file.stem, file.relative_to(self.folder), described.get(file.stem, {}))
            for file in files
        }

    @cached_property
    def terms(self) -> set[str]:
        """Names of the glossary's terms."""
        glossary = self.folder.joinpath("models", "glossary.md").read_text(encoding="utf-8")
        return set(re.findall(r"{% docs (\w+) %}", glossary))

    @cached_property
    def _mart_columns(self) -> dict[str, dict[str, Any]]:
        columns: dict[str, dict[str, Any]] = {}
        for model in self.models.values():
            if model.layer in ("marts", "audit"):
                for column in model.described.get("columns") or ():
                    columns.setdefault(column["name"], column)
        return columns

    def column(self, name: str) -> Column:
        """The type and description that the marts have of a column of this name, else what the name says."""
        found = self._mart_columns.get(name)
        if found:
            described = f'{{{{ doc("{name}") }}}}' if name in self.terms else str(found["description"])
            return Column(name, str(found["data_type"]), " ".join(described.split()), True)
        kinds = (kind for pattern, kind in TYPES_BY_NAME.items() if re.search(pattern, name))
        description = f'{{{{ doc("{name}") }}}}' if name in self.terms else TO_DESCRIBE
        return Column(name, next(kinds, "text"), description, name in self.terms)

    def model(self, name: str) -> Model:
        """Raises OntimeError when there is none."""
        if name not in self.models:
            raise OntimeError(f"there is no model {name}", nearest(name, self.models) or "see: ls models")
        return self.models[name]

    def check_new(self, name: str, folder: str) -> None:
        """Raises OntimeError when the name is taken, or is none for this folder (`models/marts`)."""
        taken = self.models.get(name)
        if taken:
            raise OntimeError(f"{name} exists: {taken.path}", "choose another name, or edit that model")
        pattern = self._patterns[folder]
        if not re.match(pattern, name) or len(name) > _LONGEST:
            raise OntimeError(
                f"{name} is no name for {folder}: {_WORDS[folder]}",
                f"such as {_EXAMPLES[folder]}; dbt-bouncer.yml holds {pattern}",
            )

    @cached_property
    def _patterns(self) -> dict[str, str]:
        """What names are to be like, by the folder of the models."""
        checks = _yaml(self.folder / "dbt-bouncer.yml")["manifest_checks"]
        return {
            check["include"].removeprefix("^"): check["model_name_pattern"]
            for check in checks
            if check["name"] == "check_model_names"
        }


_LONGEST = 63  # Postgres cuts longer names off
_WORDS = {
    "models/staging": "one raw table of a source, renamed and typed",
    "models/intermediate": "joins and decisions that several marts need, by their domain",
    "models/marts": "dim_ and fct_ in the plural, agg_<entity>_<period>, kpi_<period>",
    "models/audit": "accounts of the data itself",
}
_EXAMPLES = {
    "models/staging": "stg_bts__flights",
    "models/intermediate": "int_delays__chains",
    "models/marts": "agg_carrier_week",
    "models/audit": "audit_late_files",
}


def _yaml(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
