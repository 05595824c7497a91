"""The one statement of `ontime diff`: pairs rows by key and counts what differs, on the server.

Its answer is one JSON object. What differs is kept while it runs, what is equal is only counted.
"""

from dataclasses import dataclass

from psycopg2.extensions import QuotedString

from ingestion.sources.bts import months_of

Columns = dict[str, tuple[str, bool]]
"""Type of each column, and whether it is never null."""

WITHOUT_EQUALITY = ("json", "xml", "point", "box", "lseg", "line", "path", "polygon", "circle")

VERSION = "version_id"
OF_VERSION = {
    "int_months__versions": ("data_month", "release_no"),
    "int_files__versions": ("file_no",),
    "int_editions__versions": ("edition_no",),
}
"""By the model that lists versions: what stands for their ids, which are made of code and differ with it."""


@dataclass(frozen=True)
class Sides:
    """Both relations as `schema.name`, and the key.

    Of history `versions` are the relations that list each side's versions; `ids_tell` where equal ids mean
    equal rows. Where the own relation has some months only, such as 2013-11..2013-12, these are compared.
    """

    model: str
    before: str
    after: str
    columns: Columns
    new_columns: Columns
    key: tuple[str, ...]
    versions: tuple[str, str] | None = None
    ids_tell: bool = True
    month_column: str = ""
    months: str = ""

    @property
    def paired_by(self) -> tuple[str, ...]:
        if self.versions is None:
            return self.key
        return (*self.of_version, *(column for column in self.key if column != VERSION))

    @property
    def of_version(self) -> tuple[str, ...]:
        """What stands for the id of a version."""
        return OF_VERSION[self.versions[0].split(".")[1]] if self.versions else ()

    @property
    def compared(self) -> list[str]:
        """The columns of both that are not of the key."""
        apart = {*self.key, *((VERSION,) if self.versions else ())}
        return [name for name in self.columns if name in self.new_columns and name not in apart]


def statement(sides: Sides, where: str, limit: int) -> str:
    """The statement; `where` is SQL, and stands in brackets."""
    compared = sides.compared
    flags = [f"d{number}" for number in range(len(compared))]
    differs = " or ".join(f"({_differs(sides, name)})" for name in compared) or "false"
    counts = [f"count(*) filter (where {flag} and kind = 'changed')" for flag in flags]
    firsts = [f"min(place) filter (where {flag} and kind = 'changed')" for flag in flags]
    return f"""
with {_equal_versions(sides)}
before as ({_side(sides, sides.before, 0, where)}),
after as ({_side(sides, sides.after, 1, where)}),
counted_before as ({_counted("before", sides)}),
counted_after as ({_counted("after", sides)}),
differing as materialized (
    select
        row_number() over (order by {_ordered(sides)}) as place,
        case
            when was.is_there is null then 'added' when now.is_there is null then 'gone' else 'changed'
        end as kind,
        {_keys(sides)},
        {_flags(sides, flags)}
        {_kept(sides)}
    from (select true as is_there, * from before) as was
    full join (select true as is_there, * from after) as now on {_paired(sides)}
    where was.is_there is null or now.is_there is null or {differs}
),
-- of each kind the first ones, and of each column that changed the first row that shows it
of_kinds as (select place, row_number() over (partition by kind order by place) as number from differing),
of_columns as (select unnest({_array(firsts)}) as place from differing),
examples as (
    select * from differing
    where place in (select place from of_kinds where number <= {limit})
        or ({limit} > 0 and place in (select place from of_columns))
)
select json_build_object(
    'rows_before', (select coalesce(sum(copies), 0) from counted_before),
    'rows_after', (select coalesce(sum(copies), 0) from counted_after),
    'repeated_before', (select count(*) from counted_before where copies > 1),
    'repeated_after', (select count(*) from counted_after where copies > 1),
    'added', (select count(*) from differing where kind = 'added'),
    'gone', (select count(*) from differing where kind = 'gone'),
    'changed', (select count(*) from differing where kind = 'changed'),
    'equal_versions', {"(select count(*) from equal_versions)" if sides.versions else "0"},
    'columns', (select to_json({_array(counts)}) {"from differing" if counts else ""}),
    'examples', (select json_agg({_example(sides, flags)} order by kind, place) from examples)
)::text as found
"""


def _array(numbers: list[str]) -> str:
    return f"array[{', '.join(numbers)}]::bigint[]"


def _equal_versions(sides: Sides) -> str:
    if sides.versions is None:
        return ""
    was, now = (
        f"select {VERSION} from {it} where model_name = {_text(sides.model)}" for it in sides.versions
    )
    both = f"{was} intersect {now}" if sides.ids_tell else f"{was} limit 0"
    return f"equal_versions as ({both}),"


def _side(sides: Sides, relation: str, side: int, where: str) -> str:
    if sides.versions is None:
        rows = f"select * from {_name(relation)}"
    else:
        rows = f"""
    select {", ".join(f"versions.{name} as {name}" for name in sides.of_version)}, rows.*
    from {_name(relation)} as rows
    inner join {_name(sides.versions[side])} as versions on versions.{VERSION} = rows.{VERSION}
    where versions.model_name = {_text(sides.model)}
        and rows.{VERSION} not in (select {VERSION} from equal_versions)"""
    conditions = [f"({where}\n)"] if where.strip() else []
    if sides.month_column:
        months = ", ".join(f"date '{month}'" for month in months_of([sides.months]))
        conditions.append(f"{_name(sides.month_column)} in ({months})")
    if not conditions:
        return rows
    return f"select * from ({rows}\n) as {relation.split('.')[1]} where {' and '.join(conditions)}"


def _counted(side: str, sides: Sides) -> str:
    key = ", ".join(map(_name, sides.paired_by))
    return f"select count(*) as copies from {side} group by {key}"


def _paired(sides: Sides) -> str:
    """Equal keys, where a null is equal to a null; in terms that a full join can hash."""
    conditions = []
    for column in sides.paired_by:
        was, now = f"was.{_name(column)}", f"now.{_name(column)}"
        before, after = sides.columns.get(column), sides.new_columns.get(column)
        if column in sides.of_version or (before and before == after and before[1]):
            conditions.append(f"{was} = {now}")
        elif before and after and before[0] == after[0]:
            conditions.append(f"coalesce({was}::text, '') = coalesce({now}::text, '')")
            conditions.append(f"({was} is null) = ({now} is null)")
        else:
            conditions.append(f"coalesce({was}::text, '') = coalesce({now}::text, '')")
    return " and ".join(conditions)


def _differs(sides: Sides, column: str) -> str:
    was, now = f"was.{_name(column)}", f"now.{_name(column)}"
    before, after = sides.columns[column][0], sides.new_columns[column][0]
    as_text = "::text" if before != after or before in WITHOUT_EQUALITY else ""
    return f"{was}{as_text} is distinct from {now}{as_text}"


def _ordered(sides: Sides) -> str:
    def ordered(column: str) -> str:
        before, after = sides.columns.get(column), sides.new_columns.get(column)
        as_text = "::text" if before and after and before[0] != after[0] else ""
        return f"coalesce(was.{_name(column)}{as_text}, now.{_name(column)}{as_text})"

    return ", ".join(map(ordered, sides.paired_by))


def _keys(sides: Sides) -> str:
    return ", ".join(
        f"coalesce(was.{_name(column)}::text, now.{_name(column)}::text) as k{number}"
        for number, column in enumerate(sides.paired_by)
    )


def _flags(sides: Sides, flags: list[str]) -> str:
    return "".join(
        f"({_differs(sides, name)}) as {flag}, " for name, flag in zip(sides.compared, flags, strict=True)
    )


def _kept(sides: Sides) -> str:
    """The values of both sides; under names of their own, for a column may be named as anything."""
    pairs = [
        f"was.{_name(name)} as b{number}, now.{_name(name)} as a{number}"
        for number, name in enumerate(sides.compared)
    ]
    return ", ".join(pairs) or "true as nothing"


def _example(sides: Sides, flags: list[str]) -> str:
    key = ", ".join(f"{_text(name)}, k{number}" for number, name in enumerate(sides.paired_by))
    values = " || ".join(
        f"case when {flag} and kind = 'changed'"
        f" then jsonb_build_object({_text(name)}, jsonb_build_array(b{number}::text, a{number}::text))"
        " else '{}'::jsonb end"
        for number, (name, flag) in enumerate(zip(sides.compared, flags, strict=True))
    )
    values = values or "'{}'::jsonb"
    return f"json_build_object('kind', kind, 'key', json_build_object({key}), 'values', {values})"


def _name(name: str) -> str:
    """An identifier, or `schema.name`, in quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _text(text: str) -> str:
    return QuotedString(text).getquoted().decode()
