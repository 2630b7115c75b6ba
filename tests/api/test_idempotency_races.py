"""The same request many times at once, lost answers and crashes: one effect, one answer (faults 11 and 12)."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts import idempotency
from accounts.idempotency import Answer, answer_once
from accounts.models import IdempotencyKey, Patient, User
from booking.models import Booking
from payments.models import Order
from payments.operations import open_order
from tests.api.booking import book
from tests.api.client import DescribedClient, signed_in
from tests.factories import SlotFactory, UserFactory
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

KEY = "5f0c1d1e-8a2b-4a57-9f0e-2f8f4b1f6a10"


def order_once(account: User, key: str, amount: int = 1800) -> Answer:
    """An effect that nothing else makes unique: an order is opened."""

    def effect() -> Answer:
        order = open_order(payer=account, amount=amount, currency="eur")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")  # so that the others arrive while it runs
        return Answer(201, {"order": order.pk}, f"/orders/{order.pk}/")

    return answer_once(account=account, key=key, asked={"amount": amount}, effect=effect)


def test_50_requests_with_one_key_make_one_booking_and_get_one_answer(patient: Patient) -> None:
    assert patient.account
    slot = SlotFactory()
    clients = [signed_in(patient.account) for _ in range(50)]
    answers: list[Any] = []

    def send(client: DescribedClient) -> None:
        answers.append(book(client, slot, key=KEY))

    ends = all_at_once(partial(send, client) for client in clients)

    slot.refresh_from_db()
    booked = {answer.content for answer in answers if answer.status_code == 201}
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert ends == {"ok": 50}
    assert len(booked) == 1
    assert {(answer.json()["code"], answer["Retry-After"]) for answer in waiting} <= {("request_in_progress", "1")}
    assert sum(answer.status_code in (201, 409) for answer in answers) == 50
    assert (Booking.objects.count(), Order.objects.count(), slot.taken) == (1, 1, 1)
    assert {book(client, slot, key=KEY).content for client in clients[:2]} == booked


def test_an_effect_that_nothing_else_protects_happens_once() -> None:
    account = UserFactory()

    ends = all_at_once(partial(order_once, account, KEY) for _ in range(50))

    assert Order.objects.count() == 1
    assert ends["ok"] >= 1
    assert ends["ok"] + ends["request_in_progress"] == 50
    assert order_once(account, KEY).is_repeat


def test_while_the_first_runs_the_second_is_told_to_come_back() -> None:
    account = UserFactory()
    ends: list[Any] = []

    def effect() -> Answer:
        ends.append(all_at_once([partial(order_once, account, KEY)]))
        return Answer(201, {})

    answer_once(account=account, key=KEY, asked={"amount": 1800}, effect=effect)

    assert ends == [{"request_in_progress": 1}]
    assert order_once(account, KEY).is_repeat
    assert not Order.objects.exists()


def test_keys_do_not_wait_for_each_other() -> None:
    accounts = UserFactory.create_batch(2)

    ends = all_at_once(partial(order_once, account, key) for account in accounts for key in ("a", "b"))

    assert (ends, Order.objects.count()) == ({"ok": 4}, 4)


def test_a_crash_before_the_commit_leaves_neither_effect_nor_answer() -> None:
    account = UserFactory()

    def effect() -> Answer:
        open_order(payer=account, amount=1800, currency="eur")
        raise MemoryError

    with pytest.raises(MemoryError):
        answer_once(account=account, key=KEY, asked={"amount": 1800}, effect=effect)

    assert (Order.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert not order_once(account, KEY).is_repeat


def test_an_answer_that_was_lost_after_the_commit_is_given_again(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert patient.account
    client = signed_in(patient.account, raise_request_exception=False)
    slot = SlotFactory()
    finished = client.handler.get_response

    def cable_is_cut(request: Any) -> Any:
        finished(request)
        raise ConnectionResetError

    with monkeypatch.context() as cut:
        cut.setattr(client.handler, "get_response", cable_is_cut)
        with pytest.raises(ConnectionResetError):
            book(client, slot, key=KEY)

    answer = book(client, slot, key=KEY)
    assert (answer.status_code, answer["Idempotency-Replayed"]) == (201, "true")
    assert answer.json()["id"] == Booking.objects.get().pk


def test_without_the_lock_the_constraint_still_allows_one_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_LOCK_AND_LOOK", unlocked())
    account = UserFactory()

    ends = all_at_once(partial(order_once, account, KEY) for _ in range(20))

    assert (ends, Order.objects.count()) == ({"ok": 20}, 1)


@pytest.mark.usefixtures("_no_constraint")
def test_control_without_lock_and_constraint_there_are_many_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_LOCK_AND_LOOK", unlocked())
    account = UserFactory()

    ends = all_at_once(partial(order_once, account, KEY) for _ in range(20))

    assert ends == {"ok": 20}
    assert Order.objects.count() > 1


def unlocked() -> str:
    """The look-up as it would be without its lock."""
    return idempotency._LOCK_AND_LOOK.replace(
        "pg_try_advisory_xact_lock(hashtextextended(%(key)s, %(account)s))", "true"
    )


@pytest.fixture
def _no_constraint() -> Iterator[None]:
    (constraint,) = IdempotencyKey._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(IdempotencyKey, constraint)
    yield
    IdempotencyKey.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(IdempotencyKey, constraint)
