"""The main job from beginning to end, in a real browser, through real processes: publish, book, pay, be reminded."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from core import clock
from notifications.models import Kind, Message
from payments.models import Payment, Refund
from scheduling.focus import FocusArea
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.product import Product, code_in, eventually
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    InstructorFactory,
    PatientFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OpenPage = Callable[..., Page]
BOOKED = "Your place is booked"


def sign_in(page: Page, product: Product, email: str, *, name: str = "") -> None:
    """From the sign-in page: the address, the mailed code, and for somebody new the name."""
    already = len(product.mails.to(email))
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="E-mail me a code").click()
    page.locator("input[autocomplete=one-time-code]").fill(code_in(product.mails.wait_for(email, already=already)))
    page.get_by_role("button", name="Continue").click()
    if name:
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Continue").click()


def book(page: Page, slot: Slot) -> Booking:
    page.goto(f"/slots/{slot.pk}/")
    page.get_by_role("button", name=re.compile("Book this class")).click()
    expect(heading(page)).to_have_text("Your place is held")
    return Booking.objects.get(slot=slot)


def pay_by_card(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay")).first.click()
    page.get_by_role("button", name="Card that pays").click()


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


class Outcome(NamedTuple):
    """What has come of a booking, once its patient was written to."""

    is_confirmed: bool
    payments: int
    refunds: int
    confirmations: int
    places_taken: int


PAID_ONCE = Outcome(is_confirmed=True, payments=1, refunds=0, confirmations=1, places_taken=1)


def outcome_of(booking: Booking, product: Product) -> Outcome:
    booking.refresh_from_db()
    account = booking.patient.account
    assert account
    product.mails.wait_for(account.email)
    return Outcome(
        is_confirmed=booking.is_confirmed,
        payments=Payment.objects.count(),
        refunds=Refund.objects.count(),
        confirmations=Message.objects.filter(booking=booking, kind=Kind.BOOKING_CONFIRMED).count(),
        places_taken=Slot.objects.get(pk=booking.slot_id).taken,
    )


def test_from_publishing_a_class_to_the_reminder(open_page: OpenPage, product: Product) -> None:
    ClassTypeFactory(name="Gentle Back Care", focus_areas=[FocusArea.MUSCLE_TENSION], price=1800)
    RoomFactory(name="Quiet Room")
    instructor = InstructorFactory(user__email="asha@example.org", user__name="Asha Lind")
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    day = clock.clinic_today() + timedelta(days=5)

    teaching = open_page(LAPTOP)
    teaching.goto("/teach/slots/new/")
    sign_in(teaching, product, "asha@example.org")
    teaching.get_by_label("Class type").select_option(label="Gentle Back Care")
    teaching.get_by_label("Date").fill(day.isoformat())
    teaching.get_by_label("Begins at").fill("18:00")
    teaching.get_by_label("Room (optional)", exact=True).select_option(index=1)
    teaching.get_by_role("button", name="Publish").click()
    expect(teaching.get_by_text("Published").first).to_be_visible()
    slot = Slot.objects.get()
    assert (clock.clinic_time(slot.starts_at).hour, slot.price, slot.state) == (18, 1800, Slot.State.PUBLISHED)

    phone = open_page(PHONE, timezone_id=settings.CLINIC_TIME_ZONE)
    phone.goto("/")
    phone.get_by_role("link", name="Find a class").first.click()
    phone.get_by_text("Filter the classes").click()
    phone.get_by_label("Muscle tension").check()
    phone.wait_for_url("**focus=muscle-tension**")
    phone.get_by_role("link", name="Gentle Back Care").click()
    phone.get_by_role("link", name=re.compile("Book this class")).click()
    sign_in(phone, product, "klara@example.org", name="Klara Weber")
    expect(phone).to_have_url(re.compile(f"/slots/{slot.pk}/"))
    phone.get_by_role("button", name=re.compile("Book this class")).click()
    expect(heading(phone)).to_have_text("Your place is held")
    expect(phone.get_by_text("35 minutes")).to_be_visible()

    phone.get_by_role("button", name=re.compile("^Pay")).click()
    phone.get_by_role("button", name="Card that is declined").click()
    expect(phone.get_by_role("alert")).to_contain_text("did not go through")
    phone.get_by_role("button", name="Card that asks for 3").click()
    phone.get_by_role("button", name="Complete authentication").click()
    expect(heading(phone)).to_have_text(BOOKED)
    booking = Booking.objects.get()
    assert outcome_of(booking, product) == PAID_ONCE

    with phone.expect_download() as download:
        phone.get_by_role("link", name="Add to calendar").click()
    assert "BEGIN:VCALENDAR" in download.value.path().read_text()
    phone.goto("/my/")
    expect(phone.get_by_role("link", name="Gentle Back Care")).to_be_visible()

    the_confirmation_and_the_reminder_leave_by_mail(product, booking)
    the_desk_sees_it_all(open_page, day.isoformat())


def the_confirmation_and_the_reminder_leave_by_mail(product: Product, booking: Booking) -> None:
    mails = product.mails
    [confirmation] = [mail for mail in mails.to("klara@example.org") if "code" not in mail["Subject"]]
    assert [part.get_content_type() for part in confirmation.iter_parts()] == ["text/plain", "text/html"]

    already = len(mails.to("klara@example.org"))
    Message.objects.filter(booking=booking, kind=Kind.CLASS_REMINDER).update(
        due_at=clock.now(), next_try_at=clock.now()
    )
    product.run_task("notifications.tasks.deliver_due_messages")
    reminder = mails.wait_for("klara@example.org", already=already)

    body = reminder.get_body(("plain",))
    assert body is not None
    assert f"/articles/how-yoga-helps-back-pain/#{FocusArea.MUSCLE_TENSION.value}" in body.get_content()
    assert [part.get_content_type() for part in reminder.iter_parts()] == ["text/plain", "text/html"]
    eventually(
        lambda: Message.objects.filter(booking=booking, state=Message.State.SENT).count() == 2, "both to be marked sent"
    )


def the_desk_sees_it_all(open_page: OpenPage, day: str) -> None:
    front_desk = UserFactory(name="Front Desk")
    roles.assign_role(front_desk, roles.FRONT_DESK)
    desk = open_page(LAPTOP, as_user=front_desk)
    desk.goto(f"/desk/?day={day}")
    row = desk.get_by_role("row", name=re.compile("Klara Weber"))
    expect(row).to_contain_text("18,00")

    desk.goto("/desk/messages/")
    desk.get_by_role("link", name="Booking confirmed").click()
    expect(desk.frame_locator("iframe").get_by_text("Gentle Back Care").first).to_be_visible()


@pytest.fixture
def patient(transactional_db: None) -> Patient:
    patient: Patient = PatientFactory()
    assert patient.account
    roles.assign_role(patient.account, roles.PATIENT)
    return patient


@pytest.fixture
def slot(transactional_db: None) -> Slot:
    slot: Slot = SlotFactory()
    return slot


def test_paying_in_two_tabs_is_paying_once(open_page: OpenPage, product: Product, patient: Patient, slot: Slot) -> None:
    first = open_page(as_user=patient.account)
    booking = book(first, slot)
    second = first.context.new_page()
    second.goto(f"/my/bookings/{booking.pk}/")
    for tab in (first, second):
        tab.get_by_role("button", name=re.compile("^Pay")).first.click()

    first.get_by_role("button", name="Card that pays").click()
    expect(heading(first)).to_have_text(BOOKED)
    second.get_by_role("button", name="Card that pays").click()

    expect(heading(second)).to_have_text(re.compile("Your place is booked|order is complete"))
    assert outcome_of(booking, product) == PAID_ONCE


def test_going_back_and_reloading_change_nothing(
    open_page: OpenPage, product: Product, patient: Patient, slot: Slot
) -> None:
    page = open_page(as_user=patient.account)
    booking = book(page, slot)
    pay_by_card(page)
    expect(heading(page)).to_have_text(BOOKED)
    for _time in range(3):
        page.reload()
        expect(heading(page)).to_have_text(BOOKED)
    page.go_back()
    page.goto(f"/my/bookings/{booking.pk}/?paid=1")
    expect(heading(page)).to_have_text(BOOKED)

    assert outcome_of(booking, product) == PAID_ONCE


def test_closing_the_tab_before_returning_loses_nothing(
    open_page: OpenPage, product: Product, patient: Patient, slot: Slot
) -> None:
    page = open_page(as_user=patient.account)
    booking = book(page, slot)
    page.get_by_role("button", name=re.compile("^Pay")).first.click()
    page.get_by_role("button", name="Card that pays").wait_for()
    session = booking.order and booking.order.checkout_sessions.get()
    assert session

    page.close()
    product.sandbox.pay(str(session.stripe_id))

    eventually(lambda: Booking.objects.get(pk=booking.pk).is_confirmed, "the webhook to confirm it")
    assert outcome_of(booking, product) == PAID_ONCE


def test_the_browser_may_be_back_before_the_webhook(
    open_page: OpenPage, product: Product, patient: Patient, slot: Slot
) -> None:
    product.sandbox.control("webhooks", paused=True)
    try:
        page = open_page(as_user=patient.account)
        booking = book(page, slot)
        pay_by_card(page)
        expect(heading(page)).to_have_text(BOOKED)
    finally:
        product.sandbox.control("webhooks", paused=False)
    product.sandbox.control("webhooks/flush", timeout=10)

    assert outcome_of(booking, product) == PAID_ONCE


def test_booking_and_paying_work_without_javascript(
    open_page: OpenPage, product: Product, patient: Patient, slot: Slot
) -> None:
    product.sandbox.control("webhooks", paused=True)
    try:
        page = open_page(as_user=patient.account, java_script_enabled=False)
        page.goto("/timetable/")
        page.get_by_role("link", name=slot.class_type.name).click()
        page.get_by_role("button", name=re.compile("Book this class")).click()
        booking = Booking.objects.get(slot=slot)
        pay_by_card(page)
        expect(heading(page)).to_have_text("We are checking your payment")
        page.get_by_role("button", name="Check again").click()
        expect(heading(page)).to_have_text(BOOKED)
    finally:
        product.sandbox.control("webhooks", paused=False)

    assert outcome_of(booking, product) == PAID_ONCE


def test_the_last_place_goes_to_one_of_two_phones(
    open_page: OpenPage, product: Product, patient: Patient, slot: Slot
) -> None:
    Slot.objects.filter(pk=slot.pk).update(capacity=1)
    slow = open_page(as_user=patient.account)
    slow.goto(f"/slots/{slot.pk}/")
    BookingFactory(slot=slot)

    slow.get_by_role("button", name=re.compile("Book this class")).click()

    expect(slow.get_by_text("This class is full").first).to_be_visible()
    assert not Booking.objects.filter(patient=patient).exists()


def test_the_whole_way_works_by_keyboard(open_page: OpenPage, product: Product, patient: Patient, slot: Slot) -> None:
    page = open_page(LAPTOP, as_user=patient.account)
    page.goto(f"/slots/{slot.pk}/")
    tab_to(page, "Book this class")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Your place is held")
    tab_to(page, "Pay")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/pay/**")
    tab_to(page, "Card that pays")
    page.keyboard.press("Enter")

    expect(heading(page)).to_have_text(BOOKED)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what says `words`, as somebody without a mouse does."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || ''").strip().startswith(words):
            return
    pytest.fail(f"no way to “{words}” by keyboard")
