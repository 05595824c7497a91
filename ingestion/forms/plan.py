"""What a load is to do: which files, of which dataset, with which columns. It reads the beginning of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, LastArchive
from ingestion.forms.assignment import Assignment, Records, assign, without_header
from ingestion.forms.dates import check_month_first
from ingestion.forms.headers import NAMELESS, check_header, columns_of
from ingestion.forms.planned_file import PlannedFile
from ingestion.forms.tabular.tables import examples, open_table
from ingestion.source import Dataset, Source

_EXAMPLES = 100


def plan(file: DataFile, source: Source, archives: LastArchive | None = None) -> PlannedFile:
    """Assigns a file to a dataset by its columns and first records. Its archive may be open in `archives`.

    Raises OntimeError when it cannot be read, fits no dataset, or is not of the month that was asked for.
    """
    if source.takes_any_table:
        from ingestion.forms.tabular.planning import plan_table  # only here: it knows names in all languages

        return plan_table(file, source.suffixes, archives)
    with Content(file, archives=archives) as content:
        table = open_table(content.read, file.location, file.sheet, file.encoding)
        first = table.header()
        records = examples(table, len(first), _EXAMPLES)
    headerless = without_header(first, source)
    if headerless is not None:
        named, records = headerless.columns, [first, *records]
        assignment = Assignment(headerless, extra=())
    else:
        check_header(first, file.location)
        named = columns_of(first, file.location)
        columns = tuple(name for name in named if name != NAMELESS)
        assignment = assign(columns, records, source, file.location)
    dataset, extra = assignment.dataset, assignment.extra
    _check_month(file, dataset, named, records)
    check_month_first(file, dataset, named, records, archives)
    return replace(
        PlannedFile.of(content, dataset, named, None if headerless else first),
        warnings=tuple(_warnings(file, dataset, extra)),
    )


def _warnings(file: DataFile, dataset: Dataset, extra: Sequence[str]) -> Iterator[str]:
    if extra and not dataset.personal:
        yield f"{file.name}: {dataset.name} gets columns that are not declared: {', '.join(extra)}"
    if dataset.caution:
        yield f"{file.name}: {dataset.caution}"


def _check_month(file: DataFile, dataset: Dataset, fields: Sequence[str], records: Records) -> None:
    """Raises OntimeError unless the first record is of the month that was asked for, if one was."""
    expected = file.expected_month
    if expected is None:
        return
    if not dataset.one_month:
        raise OntimeError(
            f"{file.location}: is no monthly archive but {dataset.form or dataset.name}; "
            f"the one of {expected} was asked for",
            "fetch the month again; to load the file as it is, name it with --from",
        )
    if not records:
        return
    year, month = (records[0][fields.index(column)] for column in dataset.one_month)
    if f"{year}-{month:>02}" != expected:
        raise OntimeError(
            f"{file.location}: the records are of {year}-{month:>02}, but {expected} was asked for",
            "fetch the month again; to load the file as it is, name it with --from",
        )
