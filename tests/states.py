"""What a warehouse holds, to be compared before and after: marts, versions, rows of each version."""

from dataclasses import dataclass

from tests.ingestion.support import query, value

MARTS = """
    select oid, relname from pg_class
    where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')
        and relname not in ('audit_checksums', 'audit_runs')
"""
"""But for the view of checksums, which reads all rows of all of them once more and says nothing else, and
that of runs, to which each command adds."""

SLICE = 10**12  # a version_id is the slice (yyyymm, or a file_no) times this, and a hash


def published() -> dict[str, tuple[str, str, str, str]]:
    """Of each mart: hashes of its rows, of its definition, of its columns and of their descriptions."""
    return {name: (rows_hash(f"marts.{name}"), *_definition(oid)) for oid, name in query(MARTS)}


def rows_hash(relation: str, *left_out: str) -> str:
    """A hash of all rows in order, without some columns."""
    row = f"(to_jsonb(it) - array{[*left_out]!r})::text" if left_out else "it::text"
    return str(
        value(f"select coalesce(md5(string_agg({row}, e'\\n' order by {row})), '') from {relation} as it")
    )


def _definition(oid: int) -> tuple[str, str, str]:
    ((view, columns, descriptions),) = query(
        """
        select
            coalesce(pg_get_viewdef(pg_class.oid), 'table'),
            md5(string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)),
            md5(
                obj_description(pg_class.oid)
                || string_agg(col_description(pg_class.oid, attnum), ', ' order by attnum)
            )
        from pg_class
        inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        where pg_class.oid = %s
        group by pg_class.oid
        """,
        oid,
    )
    return view, columns, descriptions


@dataclass(frozen=True)
class History:
    """What was ever built: `versions` as (model, version_id), `rows` as {(model, version_id): rows}."""

    versions: frozenset[tuple[str, int]]
    rows: dict[tuple[str, int], int]

    def added_since(self, before: "History") -> dict[str, set[int]]:
        """The slices (yyyymm, or file_no) that each model built since."""
        added: dict[str, set[int]] = {}
        for model, version_id in self.versions - before.versions:
            added.setdefault(model, set()).add(version_id // SLICE)
        return added

    def rows_added_since(self, before: "History") -> dict[str, int]:
        """The rows that each model inserted since; those of before are all there still."""
        assert before.rows.items() <= self.rows.items()
        added: dict[str, int] = {}
        for (model, version_id), rows in self.rows.items():
            if (model, version_id) not in before.rows:
                added[model] = added.get(model, 0) + rows
        return added


def history() -> History:
    """The history models of target prod."""
    versions = frozenset(query("select model_name, version_id from ops.built_versions"))
    rows = {
        (model, version_id): count
        for model in {model for model, _ in versions}
        for version_id, count in query(f"select version_id, count(*) from intermediate.{model} group by 1")
    }
    return History(versions, rows)


def last_publication() -> set[str]:
    """The marts that the last publication changed."""
    return {
        relation
        for (relation,) in query(
            """
            with published as (select subject, started_at from ops.runs where step = 'publish')
            select subject from published where started_at = (select max(started_at) from published)
            """
        )
    }
