"""The desk's page of refunds that could not be sent, with the button that sends one again."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from payments.models import Refund
from tests.booking.reading import without_writing, words
from tests.factories import BookingFactory, PatientFactory, PaymentFactory, RefundFactory, UserFactory

pytestmark = pytest.mark.django_db

FAILED = Refund.State.FAILED


def signed_in_as(role: str) -> Client:
    client = Client()
    user = UserFactory()
    roles.assign_role(user, role)
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    return signed_in_as(roles.FRONT_DESK)


def failed_refund() -> Refund:
    booking = BookingFactory(patient=PatientFactory(phone="+49 30 111"), state=Booking.State.RELEASED)
    return RefundFactory(payment__order=booking.order, state=FAILED, error="expired_or_canceled_card")


def page_of(client: Client) -> Any:
    return without_writing(lambda: client.get(reverse("booking:refunds")))


def send_again(client: Client, refund: Refund) -> Any:
    return client.post(reverse("booking:send_refund_again", args=[refund.pk]), follow=True)


def test_a_failed_refund_stands_with_amount_person_phone_and_reason(desk: Client) -> None:
    refund = failed_refund()

    text = words(page_of(desk))

    order = refund.payment.order
    assert f"18,00 € for {order.payer.name}" in text
    assert f"+49 30 111 Reference {order.reference}" in text
    assert "Paid after the place was given away What went wrong expired_or_canceled_card" in text
    assert "Send the refund again" in text


def test_the_day_sheet_says_that_a_refund_failed(desk: Client) -> None:
    assert "could not be sent" not in words(desk.get(reverse("booking:desk")))
    failed_refund()

    assert "1 refund could not be sent" in words(desk.get(reverse("booking:desk")))


def test_the_button_sends_it_again_once_and_says_so(desk: Client) -> None:
    refund = failed_refund()

    first, second = send_again(desk, refund), send_again(desk, refund)

    again = Refund.objects.get(replaces=refund)
    assert (again.state, again.amount) == (Refund.State.DUE, refund.amount)
    for page in (first, second):
        assert "The refund is on its way again." in words(page)
        assert "Every refund could be sent" in words(page)


def test_what_has_arrived_is_not_sent_again(desk: Client) -> None:
    refund = RefundFactory(state=Refund.State.SUCCEEDED)

    page = send_again(desk, refund)

    assert "This refund cannot be sent again" in words(page)
    assert Refund.objects.count() == 1


def test_the_patient_reads_of_the_try_that_is_running(desk: Client, patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient, state=Booking.State.RELEASED)
    refund = RefundFactory(payment=PaymentFactory(order=booking.order), state=FAILED)
    page = reverse("booking:detail", args=[booking.pk])
    assert "could not be sent back to your card" in words(patients_client.get(page))

    send_again(desk, refund)

    text = words(patients_client.get(page))
    assert "We are sending 18,00 € back to your card." in text
    assert "could not be sent back" not in text


@pytest.mark.parametrize(
    ("role", "status"),
    [(roles.PATIENT, 403), (roles.INSTRUCTOR, 403), (roles.FRONT_DESK, 200), (roles.MANAGER, 200)],
)
def test_who_may_see_and_send(role: str, status: int) -> None:
    refund = failed_refund()
    client = signed_in_as(role)

    assert page_of(client).status_code == status
    assert send_again(client, refund).status_code == status
    assert Refund.objects.filter(replaces=refund).exists() == (status == 200)


def test_a_link_sends_nothing_and_leads_to_the_list(desk: Client) -> None:
    refund = RefundFactory(state=Refund.State.FAILED)

    answer = desk.get(reverse("booking:send_refund_again", args=[refund.pk]))

    assert (answer.status_code, answer["Location"]) == (302, reverse("booking:refunds"))
    assert Refund.objects.get() == refund


def test_a_visitor_is_asked_to_sign_in(client: Client) -> None:
    refund = failed_refund()

    assert page_of(client).url == f"{reverse('account_login')}?next=/desk/refunds/"
    assert client.post(reverse("booking:send_refund_again", args=[refund.pk])).status_code == 302
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _refund in range(count):
        first = failed_refund()
        RefundFactory(payment=first.payment, replaces=first, state=FAILED)

    with django_assert_num_queries(8):  # session, account, permissions (2), roles, refunds, bookings, tries
        page = desk.get(reverse("booking:refunds"))

    assert words(page).count("+49 30 111") == count
