"""A request that is sent again has one effect and one answer (faults 11 and 12)."""

from datetime import timedelta

import pytest

from accounts.models import IdempotencyKey
from accounts.tasks import forget_old_answers
from booking.models import Booking
from core import clock
from payments.models import Order
from scheduling.models import Slot
from tests.api.booking import book
from tests.api.client import DescribedClient, signed_in
from tests.factories import PatientFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db

KEY = "5f0c1d1e-8a2b-4a57-9f0e-2f8f4b1f6a10"


def test_a_booking_that_is_sent_again_gets_the_same_answer(api: DescribedClient) -> None:
    slot = SlotFactory()

    first, second = (book(api, slot, key=KEY) for _ in range(2))

    slot.refresh_from_db()
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second["Location"] == first["Location"]
    assert (first.headers.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert (Booking.objects.count(), Order.objects.count(), slot.taken) == (1, 1, 1)


def test_the_answer_stays_even_when_the_booking_goes_on(api: DescribedClient) -> None:
    slot = SlotFactory()
    first = book(api, slot, key=KEY)
    Booking.objects.update(state=Booking.State.CANCELLED, ended_at=clock.now())
    Slot.objects.update(state=Slot.State.CANCELLED, cancelled_at=clock.now())

    assert book(api, slot, key=KEY).content == first.content


def test_without_a_key_the_second_is_refused(api: DescribedClient) -> None:
    slot = SlotFactory()

    assert [book(api, slot).status_code for _ in range(2)] == [201, 409]
    assert not IdempotencyKey.objects.exists()


def test_the_same_key_for_another_slot_is_refused(api: DescribedClient) -> None:
    book(api, SlotFactory(), key=KEY)

    answer = book(api, SlotFactory(), key=KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Booking.objects.count() == 1


def test_what_is_ignored_does_not_make_it_another_request(api: DescribedClient) -> None:
    slot = SlotFactory()

    first = book(api, slot, key=KEY, note="first try")

    assert book(api, str(slot.pk), key=KEY, note="second try").content == first.content


def test_a_key_belongs_to_one_account(api: DescribedClient) -> None:
    slot = SlotFactory()
    other = signed_in(PatientFactory().account)

    answers = [book(client, slot, key=KEY) for client in (api, other)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_refusal_is_not_kept(api: DescribedClient) -> None:
    slot = SlotFactory(capacity=1, taken=1)
    assert book(api, slot, key=KEY).json()["code"] == "slot_full"

    Slot.objects.update(taken=0)

    assert book(api, slot, key=KEY).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "naïve", "a\x00b", "a\tb", "\x7f"])
def test_a_key_that_cannot_be_one(api: DescribedClient, key: str) -> None:
    answer = book(api, SlotFactory(), key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_not_usable")
    assert not Booking.objects.exists()


def test_answers_are_forgotten_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    account = UserFactory()
    for key, hours in (("old", 25), ("new", 23)):
        made_at = clock.now() - timedelta(hours=hours)
        IdempotencyKey.objects.create(account=account, key=key, status=201, body="{}", created_at=made_at)

    forget_old_answers()

    assert [kept.key for kept in IdempotencyKey.objects.all()] == ["new"]


def test_a_deleted_account_leaves_no_answers() -> None:
    account = UserFactory()
    IdempotencyKey.objects.create(account=account, key=KEY, status=201, body="{}")

    account.delete()

    assert not IdempotencyKey.objects.exists()
