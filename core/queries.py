"""Queries of the hot paths: turned into SQL once, then run with other values (docs/adr/0007-compiled-queries.md).

The ORM spends several times as long on building a query as PostgreSQL and the driver spend on running it. What is built
here is still written in the ORM's language, with `Given` where a value will be:

    _BY_KEY = CompiledRead(lambda: Slot.objects.published().filter(pk=Given("pk")))
    slot = _BY_KEY.find(pk=17)
"""

from collections.abc import Callable
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, models, transaction
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery

PLAIN = (
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
    models.UUIDField,
)
Row = TypeVar("Row", bound=Model)


class Given(Expression):
    """A value that is known when the query runs. It goes to the database as it is, without a field's conversions."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> Any:
        return "%s", [self]


class CompiledRead(Generic[Row]):
    """A query that finds at most one row of a model, by a key, with what `select_related` adds to it."""

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self._build = build

    def find(self, **given: Any) -> Row | None:
        """The row for these values, or None."""
        plan = self._plan
        row = _row_of(plan.sql, _filled(plan.params, given))
        return plan.made_of(row) if row else None

    @cached_property
    def _plan(self) -> "_ReadPlan[Row]":
        return _ReadPlan(self._build().order_by())


class CompiledUpdate:
    """An update of the rows of a queryset, as `QuerySet.update` does it."""

    def __init__(self, build: Callable[[], QuerySet[Any]], **changes: Any) -> None:
        self._build = build
        self._changes = changes

    def run(self, **given: Any) -> int:
        """Update the rows for these values, and return how many there were."""
        sql, params = self._plan
        with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.execute(sql, _filled(params, given))
            return int(cursor.rowcount)

    @cached_property
    def _plan(self) -> tuple[str, tuple[Any, ...]]:
        query: Any = self._build().query.chain(UpdateQuery)
        query.add_update_values(self._changes)
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, tuple(params)


def insert(row: Model) -> None:
    """Write a new row, whose key the database gives.

    As `save(force_insert=True)`, but without signals, and for plain columns only: text, numbers, moments, keys.
    """
    sql, values_of = _insert_plan(type(row))
    with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(sql, values_of(row))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insert_plan(model: type[Model]) -> tuple[str, Callable[[Model], tuple[Any, ...]]]:
    key = model._meta.pk
    fields = [field for field in model._meta.local_concrete_fields if field is not key]
    assert all(isinstance(field, PLAIN) for field in fields), f"{model.__name__} has a column that needs a conversion"
    query = InsertQuery(model)
    query.insert_values(fields, [model()])
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.returning_fields = [key]
    ((sql, params),) = compiler.as_sql()
    assert len(params) == len(fields), f"{model.__name__} has a column that the database fills in"
    return sql, attrgetter(*(field.attname for field in fields))


class _ReadPlan(Generic[Row]):
    """The SQL of a queryset, and how `ModelIterable` makes rows into models."""

    def __init__(self, queryset: QuerySet[Row]) -> None:
        self._compiler = compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        self.sql, self.params = sql, tuple(params)
        places = compiler.klass_info["select_fields"]
        self._model: type[Row] = compiler.klass_info["model"]
        self._columns = slice(places[0], places[-1] + 1)
        self._names = [column[0].target.attname for column in compiler.select[self._columns]]
        populators: Any = get_related_populators  # the stubs know a later Django's
        self._related = populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)
        self._converters = compiler.get_converters(column[0] for column in compiler.select)

    def made_of(self, row: tuple[Any, ...]) -> Row:
        if self._converters:
            row = next(self._compiler.apply_converters([row], self._converters))
        made: Row = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._columns])
        for related in self._related:
            related.populate(row, made)
        return made


def _row_of(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    """Run a read. As a request's first query it is the connection's health check too, in place of a SELECT 1."""
    state: Any = connection  # whose attributes the stubs do not know
    if state.in_atomic_block or state.health_check_done or not state.health_check_enabled:
        return _run(sql, values)
    state.health_check_done = True
    try:
        return _run(sql, values)
    except OperationalError:
        if connection.is_usable():
            raise
        connection.close()
        return _run(sql, values)


def _run(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _filled(params: tuple[Any, ...], given: dict[str, Any]) -> list[Any]:
    return [given[param.name] if isinstance(param, Given) else param for param in params]
