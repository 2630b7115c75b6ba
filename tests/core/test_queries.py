"""A compiled query does what its queryset does."""

import os
import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core import clock
from core.queries import CompiledRead, CompiledUpdate, Given, insert
from payments.models import CheckoutSession, Order
from scheduling.models import ClassType, Slot
from tests.factories import OrderFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_read_finds_what_its_queryset_finds_with_the_related_rows(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    by_key = CompiledRead(lambda: Slot.objects.published().with_details().filter(pk=Given("pk")))
    slots = SlotFactory.create_batch(2)

    for slot in slots:
        with django_assert_num_queries(1):
            found = by_key.find(pk=slot.pk)
            assert found and found.room
            names = (found.class_type.name, found.instructor.name, found.room.location.name)

        expected = Slot.objects.with_details().get(pk=slot.pk)
        assert model_to_dict(found) == model_to_dict(expected)
        assert model_to_dict(found.class_type) == model_to_dict(expected.class_type)
        assert names == (slot.class_type.name, slot.instructor.name, slot.room.location.name)
        assert found._state.adding is False


def test_a_read_sends_the_sql_of_its_queryset() -> None:
    soon = clock.now() + timedelta(days=1)
    compiled = CompiledRead(lambda: Slot.objects.published().filter(pk=Given("pk"), starts_at__gt=Given("after")))

    with CaptureQueriesContext(connection) as queries:
        compiled.find(pk=17, after=soon)
        list(Slot.objects.published().filter(pk=17, starts_at__gt=soon).order_by())

    ours, djangos = (re.sub("[()]", "", query["sql"]) for query in queries.captured_queries)
    assert ours == djangos


def test_a_read_that_finds_nothing_returns_none() -> None:
    assert CompiledRead(lambda: Slot.objects.filter(pk=Given("pk"))).find(pk=-1) is None


def test_a_related_row_that_is_not_there_is_none() -> None:
    slot = SlotFactory(room=None)

    found = CompiledRead(lambda: Slot.objects.select_related("room__location").filter(pk=Given("pk"))).find(pk=slot.pk)

    assert found and found.room is None


def test_a_read_converts_columns_as_the_model_does() -> None:
    session_type = CompiledRead(lambda: CheckoutSession.objects.filter(pk=Given("pk")))
    session = CheckoutSession.objects.create(
        order=OrderFactory(),
        idempotency_key="5f0c1d1e-8a2b-4a57-9f0e-2f8f4b1f6a10",
        params={"mode": "payment"},
        expires_at=clock.now(),
    )

    found = session_type.find(pk=session.pk)

    assert found and found.params == {"mode": "payment"}
    assert found.expires_at == session.expires_at


def test_a_value_is_never_part_of_the_sql() -> None:
    by_name = CompiledRead(lambda: ClassType.objects.filter(name=Given("name")))

    assert by_name.find(name="x' OR 'x' = 'x") is None


def test_a_missing_value_is_an_error_before_the_database_is_asked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0), pytest.raises(KeyError):
        CompiledRead(lambda: Slot.objects.filter(pk=Given("pk"))).find(id=1)


def test_an_update_changes_the_rows_of_its_queryset_and_counts_them() -> None:
    take = CompiledUpdate(
        lambda: Slot.objects.with_places_left().filter(pk=Given("slot"), price=Given("price")), taken=F("taken") + 1
    )
    slot, other = SlotFactory.create_batch(2, capacity=1, price=1800)

    done = [take.run(slot=slot.pk, price=price) for price in (1700, 1800, 1800)]

    slot.refresh_from_db()
    other.refresh_from_db()
    assert (done, slot.taken, other.taken) == ([0, 1, 0], 1, 0)


def test_an_update_that_a_constraint_refuses_ends_the_transaction() -> None:
    overbook = CompiledUpdate(lambda: Slot.objects.filter(pk=Given("pk")), taken=F("capacity") + 1)
    slot = SlotFactory()

    with pytest.raises(IntegrityError, match="taken_never_exceeds_capacity"), transaction.atomic():
        overbook.run(pk=slot.pk)


def test_an_inserted_row_is_the_one_that_save_would_write() -> None:
    payer = UserFactory()
    ours = Order(payer=payer, amount=1800, currency="eur")
    djangos = Order(payer=payer, amount=1800, currency="eur")

    insert(ours)
    djangos.save()

    def columns(order: Order) -> dict[str, Any]:
        values = model_to_dict(Order.objects.get(pk=order.pk))
        return {name: value for name, value in values.items() if name not in ("id", "reference")}

    assert columns(ours) == columns(djangos)
    assert (ours._state.adding, ours._state.db) == (False, "default")
    ours.amount = 2000
    ours.save()
    assert Order.objects.get(pk=ours.pk).amount == 2000


def test_a_row_with_columns_that_need_a_conversion_is_not_for_insert() -> None:
    with pytest.raises(AssertionError, match="CheckoutSession has a column that needs a conversion"):
        insert(CheckoutSession())


@pytest.mark.django_db(transaction=True)
def test_a_read_finds_its_row_over_a_connection_that_was_lost_since_the_last_request() -> None:
    by_key = CompiledRead(lambda: Slot.objects.filter(pk=Given("pk")))
    slot = SlotFactory()
    lose_connection()

    assert by_key.find(pk=slot.pk) == slot


@pytest.mark.django_db(transaction=True)
def test_control_in_the_middle_of_a_request_a_lost_connection_is_an_error() -> None:
    by_key = CompiledRead(lambda: Slot.objects.filter(pk=Given("pk")))
    slot = SlotFactory()
    lose_connection()
    begin_request(health_check_done=True)

    with pytest.raises(OperationalError):
        by_key.find(pk=slot.pk)
    connection.close()


def lose_connection() -> None:
    """Let the server end our connection, and a new request begin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
    begin_request(health_check_done=False)


def begin_request(*, health_check_done: bool) -> None:
    state: Any = connection  # whose attributes the stubs do not know
    state.health_check_enabled, state.health_check_done = True, health_check_done
