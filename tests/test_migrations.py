"""Migrations run beside the old code, on tables that have grown: they must not lock patients out."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.models import UniqueConstraint
from django.test.utils import CaptureQueriesContext

from tests.test_constraints import OURS

GROWING = {
    "user",
    "patient",
    "slot",
    "order",
    "payment",
    "checkoutsession",
    "stripeevent",
    "booking",
    "waitinglistentry",
    "message",
}


def operations_on_the_database(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from operations_on_the_database(operation.database_operations)
        else:
            yield operation


def builds_an_index_under_a_lock(operation: Operation) -> bool:
    if isinstance(operation, AddConstraint):
        return isinstance(operation.constraint, UniqueConstraint)
    if isinstance(operation, AddField):
        field: Any = operation.field  # the stubs do not know these attributes
        return bool(field.db_index or field.unique)
    return isinstance(operation, AddIndex) and not isinstance(operation, AddIndexConcurrently)


def test_no_index_of_a_table_that_grows_is_built_under_a_lock() -> None:
    found = []
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        operations = list(operations_on_the_database(migration.operations))
        new = {operation.name_lower for operation in operations if isinstance(operation, CreateModel)}
        found += [
            f"{app}.{name}: {operation.describe()}"
            for operation in operations
            if app in OURS
            and builds_an_index_under_a_lock(operation)
            and getattr(operation, "model_name_lower", "") in GROWING - new
        ]

    assert found == []


@pytest.mark.django_db(transaction=True)
def test_one_booking_per_order_comes_and_goes_without_a_long_lock() -> None:
    with CaptureQueriesContext(connection) as captured:
        call_command("migrate", "booking", "0002", verbosity=0)
        call_command("migrate", "booking", verbosity=0)

    statements = [query["sql"] for query in captured if "booking_booking" in query["sql"]]
    assert [
        sql
        for sql in statements
        if "FOREIGN KEY" in sql or ("INDEX" in sql and not ("CONCURRENTLY" in sql or "USING INDEX" in sql))
    ] == []
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "booking_booking")
    on_order = {
        name: (row["unique"], row["foreign_key"]) for name, row in constraints.items() if row["columns"] == ["order_id"]
    }
    assert on_order == {
        "one_booking_per_order": (True, None),
        "booking_booking_order_id_4279e9cb_fk_payments_order_id": (False, ("payments_order", "id")),
    }


@pytest.mark.django_db(transaction=True)
def test_one_booking_per_order_can_be_run_again_after_it_was_cut_off() -> None:
    call_command("migrate", "booking", "0003", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'booking' AND name = '0003_one_booking_per_order'")

    call_command("migrate", "booking", verbosity=0)

    with connection.cursor() as cursor:
        assert "one_booking_per_order" in connection.introspection.get_constraints(cursor, "booking_booking")
