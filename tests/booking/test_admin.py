"""Bookings and money in the admin: everything can be read, nothing edited but what is on sale."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import roles
from booking.models import Booking
from core import clock
from payments.models import Membership, MembershipGrant, MembershipPlan, Pass, PassEntry, PassType, StripeEvent
from tests.booking.reading import words
from tests.factories import BookingFactory, PaymentFactory, RefundFactory, StripeEventFactory, UserFactory

pytestmark = pytest.mark.django_db


def signed_in_as(role: str) -> Client:
    client = Client()
    user = UserFactory()
    roles.assign_role(user, role)
    client.force_login(user)
    return client


@pytest.fixture
def manager() -> Client:
    return signed_in_as(roles.MANAGER)


def listed(client: Client, model: str, query: str = "") -> Any:
    return client.get(reverse(f"admin:{model}_changelist") + query)


def test_bookings_and_money_can_be_read(manager: Client) -> None:
    booking = BookingFactory()
    refund = RefundFactory(payment=PaymentFactory(order=booking.order), error="card closed")

    for model, row, expected in [
        ("booking_booking", booking, booking.patient.name),
        ("payments_order", booking.order, booking.order.reference),
        ("payments_payment", refund.payment, "18,00 €"),
        ("payments_refund", refund, "card closed"),
    ]:
        assert expected in words(listed(manager, model))
        page = words(manager.get(reverse(f"admin:{model}_change", args=[row.pk])))
        assert "18,00 €" in page and booking.order.reference in page


@pytest.mark.parametrize("role", [roles.FRONT_DESK, roles.MANAGER])
def test_nobody_edits_a_booking_or_money(role: str) -> None:
    client = signed_in_as(role)
    booking = BookingFactory()
    payment = PaymentFactory(order=booking.order)
    event = StripeEventFactory()

    for model, row in [
        ("booking_booking", booking),
        ("payments_order", booking.order),
        ("payments_payment", payment),
        ("payments_stripeevent", event),
    ]:
        fields = {"state": "cancelled", "amount": 1}
        assert client.post(reverse(f"admin:{model}_change", args=[row.pk]), fields).status_code == 403
        assert client.post(reverse(f"admin:{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        assert client.get(reverse(f"admin:{model}_add")).status_code == 403

    booking.refresh_from_db()
    assert booking.state == Booking.State.CONFIRMED


def test_the_manager_decides_what_is_on_sale(manager: Client) -> None:
    manager.post(
        reverse("admin:payments_passtype_add"),
        {"name": "Ten classes", "credits": 10, "valid_days": 180, "price": 15000, "is_active": "on"},
    )
    manager.post(
        reverse("admin:payments_membershipplan_add"),
        {"name": "Four a month", "allowance": 4, "price": 5900, "is_active": "on"},
    )

    assert (PassType.objects.get().credits, MembershipPlan.objects.get().allowance) == (10, 4)
    assert "150,00 €" in words(listed(manager, "payments_passtype"))
    for model in ("payments_pass", "payments_membership"):
        assert listed(manager, model).status_code == 200
        assert manager.get(reverse(f"admin:{model}_add")).status_code == 403


def test_passes_and_memberships_can_be_read(manager: Client) -> None:
    account = UserFactory(name="Pia Pass")
    today = clock.clinic_today()
    ten = PassType.objects.create(name="Ten classes", credits=10, valid_days=180, price=15000)
    bought = Pass.objects.create(account=account, pass_type=ten, credits_left=10, starts_on=today, expires_on=today)
    PassEntry.objects.create(bought_pass=bought, change=10, reason="bought at the desk")
    plan = MembershipPlan.objects.create(name="Four a month", allowance=4, price=5900)
    membership = Membership.objects.create(account=account, plan=plan, stripe_subscription="sub_1")
    month = today + timedelta(days=30)
    MembershipGrant.objects.create(membership=membership, starts_on=today, ends_on=month, allowance=4, used=3)

    pages = {
        model: words(manager.get(reverse(f"admin:payments_{model}_change", args=[row.pk])))
        for model, row in [("pass", bought), ("membership", membership)]
    }

    assert "bought at the desk" in pages["pass"]
    assert "Four a month" in pages["membership"]


def test_the_desk_does_not_decide_what_is_on_sale() -> None:
    desk = signed_in_as(roles.FRONT_DESK)

    assert desk.get(reverse("admin:payments_passtype_add")).status_code == 403
    assert listed(desk, "payments_stripeevent").status_code == 403


def test_events_that_were_set_aside_are_found_and_processed_again(manager: Client) -> None:
    ours = StripeEventFactory(quarantined="amount of the payment is 1, the order says 1800")
    other_mode = StripeEventFactory(type="charge.failed", quarantined="livemode")
    StripeEvent.objects.filter(pk=other_mode.pk).update(payload={"livemode": True, "data": {"object": {}}})
    StripeEventFactory(type="charge.expired")

    text = words(listed(manager, "payments_stripeevent", "?state=set_aside"))
    page = manager.post(
        reverse("admin:payments_stripeevent_changelist"),
        {"action": "process_again", "_selected_action": [ours.pk, other_mode.pk]},
        follow=True,
    )

    ours.refresh_from_db()
    other_mode.refresh_from_db()
    assert "2 Stripe events" in text
    assert "1 event is processed." in words(page)
    assert "1 event still cannot be processed." in words(page)
    assert ours.processed_at is not None and ours.quarantined == ""
    assert other_mode.processed_at is None and other_mode.quarantined.startswith("livemode")


def test_an_event_is_shown_with_what_it_is_and_what_it_holds(manager: Client) -> None:
    event = StripeEventFactory(payload={"livemode": False, "data": {"object": {"amount_total": 1800}}})

    page = words(manager.get(reverse("admin:payments_stripeevent_change", args=[event.pk])))

    assert event.stripe_id in page
    assert "amount_total" in page


def test_events_are_filtered_by_type_without_reading_all_of_them_for_their_types(manager: Client) -> None:
    StripeEventFactory(type="refund.created")
    StripeEventFactory(type="charge.expired")

    with CaptureQueriesContext(connection) as queries:
        page = listed(manager, "payments_stripeevent", "?type=refund.created")

    text = words(page)
    assert "1 Stripe event" in text
    assert "checkout.session.completed" in text and "charge.expired" not in text
    assert not [query["sql"] for query in queries if "DISTINCT" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # two rows are read at once; ten million are not
    plan = StripeEvent.objects.filter(type="refund.created").order_by("-id").explain()
    assert "stripe_events_by_type" in plan and "Sort" not in plan
