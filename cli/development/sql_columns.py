"""Which columns of which relations a query's columns are made of, and which decide on its rows.

    read_query("select a + b as c from t where d", {"t": Relation.of("t", ["a", "b", "d"])})
    # c is made of t.a and t.b; the rows depend on t.d and on the rows of t

The query is compiled SQL of Postgres. What its text alone does not say becomes a doubt, never a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import sqlglot
from sqlglot import exp

from cli.development.relations import NONE, ROWS, Column, Columns, Origin, Relation, union

EPHEMERAL = "__dbt__cte__"
OF_THE_SERVER = ("pg_", "information_schema.")


@dataclass
class Query:
    """One reading of a statement: what there is to read, and doubts as (column or ROWS, why)."""

    relations: Mapping[str, Relation]
    doubts: list[tuple[str, str]] = field(default_factory=list)


Frame = dict[str, Relation]
"""What a `from` makes visible, by alias."""


def read_query(sql: str, relations: Mapping[str, Relation]) -> tuple[Relation, list[tuple[str, str]]]:
    """What a query returns, with all that is in doubt. Raises SqlglotError where it cannot be parsed.

    `relations` are named as the query writes them, without quotes: `schema.table`, or `table`.
    """
    query = Query(relations)
    statement = sqlglot.parse_one(sql, read="postgres")
    return Reader(query, {}, ()).read(statement), query.doubts


@dataclass(frozen=True)
class Reader:
    """Reads a query within others: `ctes` and the frames of outer queries, the innermost first."""

    query: Query
    ctes: Mapping[str, Relation]
    outer: tuple[Frame, ...]

    def read(self, node: exp.Expr) -> Relation:
        within = self._with_ctes(node)
        if isinstance(node, exp.Subquery):
            found = within.read(node.this)
            return found.renamed(node.alias_column_names)
        if isinstance(node, exp.SetOperation):
            return within._set_operation(node)
        if isinstance(node, exp.Values):
            return within._values(node, {})
        if isinstance(node, exp.Select):
            return _Select(within.query, within.ctes, within.outer, node).relation()
        self.query.doubts.append((ROWS, f"`{node.key}` is no query that can be read"))
        return Relation({})

    def _with_ctes(self, node: exp.Expr) -> "Reader":
        given = node.args.get("with_")
        if given is None:
            return self
        ctes = dict(self.ctes)
        for cte in given.expressions:
            if cte.alias.startswith(EPHEMERAL):  # an ephemeral model is read as a model
                ctes[cte.alias] = self._table_of(cte.alias.removeprefix(EPHEMERAL))
                continue
            inner = cte.this
            if given.args.get("recursive") and isinstance(inner, exp.SetOperation):
                ctes[cte.alias] = self._cte(ctes, inner.this, cte.alias_column_names)
            ctes[cte.alias] = self._cte(ctes, inner, cte.alias_column_names)
            if given.args.get("recursive"):  # once more, for what it reads of itself
                ctes[cte.alias] = self._cte(ctes, inner, cte.alias_column_names)
        return replace(self, ctes=ctes)

    def _cte(self, ctes: Mapping[str, Relation], node: exp.Expr, names: list[str]) -> Relation:
        return replace(self, ctes=dict(ctes)).read(node).renamed(names)

    def _set_operation(self, node: exp.SetOperation) -> Relation:
        left, right = self.read(node.this), self.read(node.expression)
        opened = left.open | right.open
        if opened or len(left.columns) != len(right.columns):
            names = [*left.columns, *(name for name in right.columns if name not in left.columns)]
            columns = {name: (left.find(name) or Origin()) | (right.find(name) or Origin()) for name in names}
        else:
            pairs = zip(left.columns.items(), right.columns.values(), strict=True)
            columns = {name: origin | other for (name, origin), other in pairs}
        rows = left.rows | right.rows
        if node.args.get("distinct") or not isinstance(node, exp.Union):
            rows |= union(columns.values()).all
        return Relation(columns, rows, open=opened)

    def _values(self, node: exp.Values, frame: Frame) -> Relation:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        names = node.alias_column_names or [f"column{n}" for n in range(1, len(rows[0]) + 1)]
        columns = {
            name: union(self.origin(cell, frame) for cell in cells)
            for name, cells in zip(names, zip(*rows, strict=True), strict=False)
        }
        return Relation(columns)

    def _table_of(self, name: str) -> Relation:
        known = self.query.relations.get(name)
        if name.startswith(OF_THE_SERVER):
            return Relation.of(name, None)
        if known is None:
            self.query.doubts.append((ROWS, f"reads {name}, of which the project knows nothing"))
            known = Relation.of(name, None)
        return known

    def source(self, node: exp.Expr, frame: Frame) -> tuple[str, Relation]:
        """Alias and columns of what stands behind `from` or `join`; `frame` is what stands before it."""
        if isinstance(node, exp.Lateral):
            return node.alias, self.source(node.this, frame)[1].renamed(node.alias_column_names)
        if isinstance(node, exp.Values):
            return node.alias, self._values(node, frame)
        if isinstance(node, exp.Subquery):
            return node.alias, replace(self, outer=(frame, *self.outer)).read(node)
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if not node.db and node.name in self.ctes:
                found = self.ctes[node.name]
            else:
                found = self._table_of(".".join(part for part in (node.db, node.name) if part))
            return node.alias_or_name, found.renamed(node.alias_column_names)
        # a function: its columns are named by the alias, and all are made of what it is given
        given = self.origin(node, frame)
        names = node.alias_column_names or [node.alias_or_name]
        return node.alias_or_name, Relation(dict.fromkeys(names, given), given.all)

    def origin(self, node: exp.Expr, frame: Frame) -> Origin:
        """Of an expression. What a query within it returns is a value, and what it filters by steers it."""
        found = Origin()
        for part, is_query in parts(node):
            if is_query:
                inner = replace(self, outer=(frame, *self.outer)).read(part)
                found |= inner.whole() | Origin(NONE, inner.rows)
            elif isinstance(part, exp.Column):
                found |= self._column(part, frame)
        return found

    def _column(self, node: exp.Column, frame: Frame) -> Origin:
        frames = (frame, *self.outer)
        if isinstance(node.this, exp.Star):
            return frame[node.table].whole() if node.table in frame else Origin()
        for sources in frames:
            if node.table:
                if node.table in sources:
                    return self._of_source(sources[node.table], node)
                continue
            named = [found for source in sources.values() if (found := source.columns.get(node.name))]
            named = named or [found for source in sources.values() if (found := source.find(node.name))]
            if named:
                return union(named)
            if node.name in sources:  # a whole row
                return sources[node.name].whole()
        self.query.doubts.append((ROWS, f"`{node.sql()}` is a column of nothing that it reads"))
        return Origin()

    def _of_source(self, source: Relation, node: exp.Column) -> Origin:
        found = source.find(node.name)
        if found is None:
            self.query.doubts.append((ROWS, f"`{node.sql()}` is not among the columns that it reads"))
        return found or Origin()


@dataclass(frozen=True)
class _Select(Reader):
    """One `select`."""

    node: exp.Select

    def relation(self) -> Relation:
        frame, rows, is_multiplied = self._sources()
        columns, plain = self._projections(frame)
        opened = frozenset(
            name for star in self._starred(frame) for name in star.open
        )  # `select *` hands on what it does not know
        steering = [self.node.args.get(part) for part in ("where", "having", "qualify")]
        for part in steering:
            if part is not None:
                rows |= self.origin(part, frame).all
        grouped = self.node.args.get("group")
        if grouped is not None:
            for part in [*grouped.expressions, *_sets_of(grouped)]:
                rows |= self._by_place_or_name(part, columns, frame).all
        distinct = self.node.args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        if on is not None:
            rows |= self.origin(on, frame).all | self._ordered(columns, frame)
        elif distinct is not None:
            rows |= union(columns.values()).all
        if self.node.args.get("limit") or self.node.args.get("offset"):
            rows |= self._ordered(columns, frame)
        keys = self._keys(frame, plain, is_multiplied, columns)
        return Relation(columns, rows, keys, opened)

    def _sources(self) -> tuple[Frame, Columns, bool]:
        """What it reads, what that says of its rows, and whether a join may give a row several partners."""
        frame: Frame = {}
        rows, is_multiplied = NONE, False
        begin = self.node.args.get("from_")
        if begin is not None:
            alias, found = self.source(begin.this, frame)
            frame[alias], rows = found, found.rows
        for join in [*self.node.args.get("joins", ()), *self.node.args.get("laterals", ())]:
            alias, found = self.source(join.this if isinstance(join, exp.Join) else join, frame)
            frame[alias] = found
            matched = self._matched(join, frame)
            if join.args.get("side") == "LEFT" and _is_unique(found, alias, join.args.get("on")):
                # no row comes or goes: it decides on what the other side gives
                by = matched | found.rows
                frame[alias] = replace(
                    found, columns={name: it | Origin(NONE, by) for name, it in found.columns.items()}
                )
            else:
                rows |= matched | found.rows
                is_multiplied = True
        return frame, rows, is_multiplied

    def _matched(self, join: exp.Expr, frame: Frame) -> Columns:
        on = join.args.get("on")
        found = self.origin(on, frame).all if on is not None else NONE
        for name in join.args.get("using") or ():
            found |= union(it for source in frame.values() if (it := source.find(name.name))).all
        return found

    def _projections(self, frame: Frame) -> tuple[dict[str, Origin], dict[Column, str]]:
        """The columns, and under which name each column of a source stands as it is."""
        columns: dict[str, Origin] = {}
        plain: dict[Column, str] = {}
        for projection in self.node.expressions:
            inner = projection.unalias()
            starred = self._stars(inner, frame)
            if starred is not None:
                for alias, source in starred.items():
                    columns |= source.columns
                    plain |= {(alias, name): name for name in source.columns}
                continue
            name = projection.alias or _unnamed(inner, columns)
            columns[name] = self.origin(inner, frame)
            if isinstance(inner, exp.Column):
                for alias in [inner.table] if inner.table else frame:
                    if alias in frame and frame[alias].find(inner.name):
                        plain[alias, inner.name] = name
        return columns, plain

    def _stars(self, node: exp.Expr, frame: Frame) -> Frame | None:
        """The sources of `*` or `alias.*`; None for all else."""
        if isinstance(node, exp.Star):
            return frame
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star) and node.table in frame:
            return {node.table: frame[node.table]}
        return None

    def _starred(self, frame: Frame) -> Iterator[Relation]:
        for projection in self.node.expressions:
            yield from (self._stars(projection, frame) or {}).values()

    def _by_place_or_name(self, node: exp.Expr, columns: dict[str, Origin], frame: Frame) -> Origin:
        """`group by 1`, `order by name_of_the_result`, or any expression."""
        node = node.this if isinstance(node, exp.Ordered) else node
        if isinstance(node, exp.Literal) and node.is_int:
            return list(columns.values())[int(node.name) - 1]
        is_name = isinstance(node, exp.Column) and not node.table and node.name in columns
        if is_name and not any(source.find(node.name) for source in frame.values()):
            return columns[node.name]
        return self.origin(node, frame)

    def _ordered(self, columns: dict[str, Origin], frame: Frame) -> Columns:
        order = self.node.args.get("order")
        parts = order.expressions if order is not None else ()
        return union(self._by_place_or_name(part, columns, frame) for part in parts).all

    def _keys(
        self, frame: Frame, plain: dict[Column, str], is_multiplied: bool, columns: dict[str, Origin]
    ) -> frozenset[frozenset[str]]:
        distinct, grouped = self.node.args.get("distinct"), self.node.args.get("group")
        if distinct is not None and distinct.args.get("on") is None:
            return frozenset({frozenset(columns)})
        by = distinct.args["on"].expressions if distinct is not None else grouped and grouped.expressions
        if by:
            names = [self._name_of(part, columns, plain, frame) for part in by]
            return frozenset({frozenset(name for name in names if name)}) if all(names) else frozenset()
        if not frame or is_multiplied:
            return frozenset()
        first = next(iter(frame))
        kept = (
            [plain.get((first, column)) for column in key] for key in frame[first].keys
        )  # of the first source each row is there once at most
        return frozenset(frozenset(filter(None, names)) for names in kept if all(names))

    def _name_of(
        self, node: exp.Expr, columns: dict[str, Origin], plain: dict[Column, str], frame: Frame
    ) -> str | None:
        """Under which name the result shows a `group by`."""
        if isinstance(node, exp.Literal) and node.is_int:
            return list(columns)[int(node.name) - 1]
        if isinstance(node, exp.Column):
            aliases = [node.table] if node.table else list(frame)
            shown = [plain[alias, node.name] for alias in aliases if (alias, node.name) in plain]
            return shown[0] if shown else node.name if not node.table and node.name in columns else None
        written = node.sql()
        named = (it.alias for it in self.node.expressions if it.unalias().sql() == written)
        return next(named, None)


def parts(node: exp.Expr) -> Iterator[tuple[exp.Expr, bool]]:
    """The columns of an expression, and the queries in it, which are not entered: (part, is a query)."""
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, exp.Query) and not (isinstance(part, exp.Subquery) and not _is_query(part.this)):
            yield part, True
        elif isinstance(part, exp.Column):
            yield part, False
        else:
            todo.extend(part.iter_expressions())


def _unnamed(node: exp.Expr, columns: Mapping[str, Origin]) -> str:
    """What a column is called that the query gives no name: as Postgres has it, else unlike all others."""
    if isinstance(node, exp.Column):
        return node.name
    name = node.name.lower() or node.key
    return name if name not in columns else f"{name}_{len(columns) + 1}"


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query)


def _sets_of(grouped: exp.Group) -> Iterator[exp.Expr]:
    for kind in ("grouping_sets", "cube", "rollup"):
        yield from grouped.args.get(kind) or ()


def _is_unique(found: Relation, alias: str, on: exp.Expr | None) -> bool:
    """Does a join by these conditions find one row of the other side at most?"""
    if on is None:
        return False
    joined = set[str]()
    for condition in on.flatten() if isinstance(on, exp.And) else [on]:
        condition = condition.unnest()
        if isinstance(condition, exp.EQ | exp.NullSafeEQ):
            for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
                is_ours = isinstance(side, exp.Column) and side.table == alias
                if is_ours and not any(it.table in (alias, "") for it in other.find_all(exp.Column)):
                    joined.add(side.name)
    return any(key <= joined for key in found.keys)
