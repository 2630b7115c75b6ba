"""What went wrong with money is seen where staff look every day, until a person has dealt with it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import roles
from payments.models import Refund, StripeEvent
from payments.operations import process_event_again
from tests.booking.reading import words
from tests.factories import BookingFactory, RefundFactory, StripeEventFactory, UserFactory

pytestmark = pytest.mark.django_db

SET_ASIDE = "/admin/payments/stripeevent/?state=set_aside"
PLACES = [("booking:desk", roles.FRONT_DESK), ("booking:desk", roles.MANAGER), ("website:manage", roles.MANAGER)]


def page_for(role: str, view: str) -> Any:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client.get(reverse(view))


def an_event_set_aside() -> StripeEvent:
    return StripeEventFactory(quarantined="amount of the payment is 1, the order says 1800")


@pytest.mark.parametrize(("view", "role"), PLACES)
def test_nothing_is_said_while_all_is_well(view: str, role: str) -> None:
    StripeEventFactory()
    RefundFactory(payment__order=BookingFactory().order)

    text = words(page_for(role, view))

    assert "could not be sent" not in text
    assert "not match" not in text


@pytest.mark.parametrize(("view", "role"), PLACES)
def test_each_kind_of_trouble_is_counted(view: str, role: str) -> None:
    for _each in range(2):
        an_event_set_aside()
    RefundFactory(payment__order=BookingFactory().order, state=Refund.State.FAILED)

    page = page_for(role, view)

    assert "1 refund could not be sent See what to do" in words(page)
    assert f'href="{reverse("booking:refunds")}"' in page.content.decode()
    assert "2 notices from Stripe do not match what was booked" in words(page)


@pytest.mark.parametrize(("view", "role"), PLACES)
def test_who_may_see_the_events_gets_the_link_and_the_others_are_told_whom_to_ask(view: str, role: str) -> None:
    an_event_set_aside()

    page = page_for(role, view)

    is_manager = role == roles.MANAGER
    assert (f'href="{SET_ASIDE}"' in page.content.decode()) is is_manager
    assert ("Please tell a manager." in words(page)) is not is_manager


def test_the_link_leads_to_the_events() -> None:
    event = an_event_set_aside()
    StripeEventFactory(type="charge.expired")
    client = Client()
    client.force_login(UserFactory(role=roles.MANAGER))

    text = words(client.get(SET_ASIDE))

    assert "1 Stripe event " in text
    assert event.quarantined in text


def test_it_is_silent_once_a_manager_has_dealt_with_it() -> None:
    event, open_event = an_event_set_aside(), StripeEventFactory()
    client = Client()
    client.force_login(UserFactory(role=roles.MANAGER))

    answer = client.post(
        reverse("admin:payments_stripeevent_changelist"),
        {"action": "mark_dealt_with", "_selected_action": [event.pk, open_event.pk]},
        follow=True,
    )

    event.refresh_from_db()
    open_event.refresh_from_db()
    assert "1 event is dealt with." in words(answer)
    assert event.processed_at is not None and event.quarantined
    assert open_event.processed_at is None
    assert "not match" not in words(client.get(reverse("website:manage")))
    assert process_event_again(event_id=event.pk)  # it stays closed


@pytest.mark.parametrize("events", [1, 3])
def test_the_managers_hub_asks_as_often_whatever_is_wrong(events: int) -> None:
    client = Client()
    client.force_login(UserFactory(role=roles.MANAGER))
    for _each in range(events):
        an_event_set_aside()
        RefundFactory(payment__order=BookingFactory().order, state=Refund.State.FAILED)

    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("website:manage"))

    counts = [query["sql"] for query in captured if "COUNT(*)" in query["sql"]]
    assert (len(captured), len(counts)) == (9, 2)


def test_events_set_aside_are_counted_by_their_own_index() -> None:
    StripeEvent.objects.bulk_create(StripeEventFactory.build_batch(200))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payments_stripeevent")
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = StripeEvent.objects.set_aside().explain()

    assert "stripe_events_set_aside" in plan
