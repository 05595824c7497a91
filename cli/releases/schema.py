"""What types become: a mart's contract as a schema of Arrow for its files, and as one of Frictionless."""

import re
from typing import Any

import pyarrow as pa

from cli.questions.contracts import Column, Contract
from ingestion.errors import OntimeError

OF_ARROW = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "double precision": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "timestamp without time zone": pa.timestamp("us"),
}
NUMERIC = re.compile(r"numeric\((\d+), *(\d+)\)")

Schema = dict[str, Any]


def arrow_schema(contract: Contract) -> pa.Schema:
    """Types, and beside them what a column means. Raises OntimeError for a type that is not known here."""
    return pa.schema(
        [
            pa.field(
                column.name,
                _arrow_type(contract, column),
                nullable=not column.is_required,
                metadata={"description": column.description, "unit": column.unit},
            )
            for column in contract.columns
        ],
        metadata={"description": contract.description},
    )


def frictionless_schema(contract: Contract) -> Schema:
    """A Table Schema; units stand beside it, for which it has no name of its own."""
    schema: Schema = {
        "fields": [
            _field(column, field.type)
            for column, field in zip(contract.columns, arrow_schema(contract), strict=True)
        ]
    }
    if contract.key:
        schema["primaryKey"] = list(contract.key)
    if foreign := [
        {"fields": [column.name], "reference": {"resource": mart, "fields": [field]}}
        for column in contract.columns
        if column.refers_to
        for mart, field in [column.refers_to]
    ]:
        schema["foreignKeys"] = foreign
    return schema


def frictionless_type(kind: pa.DataType) -> str:
    """What Table Schema calls a type of Arrow."""
    for is_of, name in (
        (pa.types.is_integer, "integer"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_floating, "number"),
        (pa.types.is_string, "string"),
    ):
        if is_of(kind):
            return name
    return "any"


def _arrow_type(contract: Contract, column: Column) -> pa.DataType:
    if numeric := NUMERIC.fullmatch(column.data_type):
        return pa.decimal128(int(numeric[1]), int(numeric[2]))
    if column.data_type not in OF_ARROW:
        raise OntimeError(
            f"marts.{contract.name}.{column.name} is {column.data_type}, which has no type in Parquet here",
            f"export other marts with --marts, or add the type to {__name__}",
        )
    return OF_ARROW[column.data_type]


def _field(column: Column, kind: pa.DataType) -> Schema:
    field: Schema = {
        "name": column.name,
        "type": frictionless_type(kind),
        "description": column.description,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.is_required:
        field["constraints"] = {"required": True}
    return field
