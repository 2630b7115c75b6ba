"""Migrations run beside the old code, on tables that have grown: they must not lock patients out."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.models import UniqueConstraint
from django.test.utils import CaptureQueriesContext

from scheduling.models import Slot
from tests.factories import RoomFactory
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


@pytest.fixture
def _whole_again(transactional_db: None) -> Iterator[None]:
    """In the end all apps are where they should be, those too that went back with the one that a test takes back."""
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_whole_again")
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


@pytest.mark.usefixtures("_whole_again")
def test_one_booking_per_order_can_be_run_again_after_it_was_cut_off() -> None:
    call_command("migrate", "booking", "0003", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'booking' AND name = '0003_one_booking_per_order'")

    call_command("migrate", "booking", verbosity=0)

    with connection.cursor() as cursor:
        assert "one_booking_per_order" in connection.introspection.get_constraints(cursor, "booking_booking")


SIX_IN_BERLIN = datetime(2026, 11, 24, 17, tzinfo=UTC)
ROOM_OR_LINK = "a_published_slot_has_a_room_or_a_link"


def constraints_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, table))


@pytest.fixture
def before_series(transactional_db: None) -> Iterator[Any]:
    """The database as it was before series stamped slots, and its models; in the end it is as it should be."""
    call_command("migrate", "scheduling", "0002", verbosity=0)
    yield MigrationLoader(None).project_state(("scheduling", "0002_say_what_the_rules_refuse")).apps
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scheduling_slot")
    call_command("migrate", verbosity=0)


def slot_of_before(apps: Any, day: int, state: str) -> int:
    """The key of an on-line class as the API of that time made it: without a room, so many days after the first."""
    user, _is_new = apps.get_model("accounts", "User").objects.get_or_create(email="asha@example.org")
    kind, _is_new = apps.get_model("scheduling", "ClassType").objects.get_or_create(focus_areas=["alignment"], price=1)
    asha, _is_new = apps.get_model("scheduling", "Instructor").objects.get_or_create(user_id=user.pk)
    starts_at = SIX_IN_BERLIN + timedelta(days=day)
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
    slots = apps.get_model("scheduling", "Slot").objects
    key: int = slots.create(class_type=kind, instructor=asha, **times, capacity=8, price=1, state=state).pk
    return key


def test_who_has_published_classes_without_a_room_is_told_which_need_one(
    before_series: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    online, elsewhere = [slot_of_before(before_series, day, "published") for day in range(2)]
    slot_of_before(before_series, 2, "draft")

    with pytest.raises(CommandError) as refused:
        call_command("migrate", verbosity=0)
    migration = import_module("scheduling.migrations.0012_published_slots_have_a_room_or_a_link")
    monkeypatch.setattr(migration, "MOST_NAMED", 1)
    with pytest.raises(CommandError, match=rf"\n  {online}: .*\n  and 1 more, which are named next\n"):
        call_command("migrate", verbosity=0)

    assert str(refused.value).splitlines()[:-1] == [
        "These published classes have neither a room nor an on-line link, and need one now (id: start, Berlin time):",
        f"  {online}: 2026-11-24 18:00",
        f"  {elsewhere}: 2026-11-25 18:00",
    ]
    assert ROOM_OR_LINK not in constraints_of("scheduling_slot")
    slot_of_before(before_series, 3, "draft")  # the old code goes on meanwhile
    Slot.objects.filter(pk=online).update(online_link="https://meet.example.org/back")
    Slot.objects.filter(pk=elsewhere).update(room=RoomFactory())

    call_command("migrate", verbosity=0)

    assert ROOM_OR_LINK in constraints_of("scheduling_slot")
    assert Slot.objects.filter(state=Slot.State.DRAFT, room=None, online_link="", revision=0).count() == 2


@pytest.mark.usefixtures("_whole_again")
def test_a_database_that_has_the_constraint_from_an_earlier_0003_keeps_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'scheduling' AND name LIKE '0012%'")

    call_command("migrate", "scheduling", verbosity=0)

    assert ROOM_OR_LINK in constraints_of("scheduling_slot")
