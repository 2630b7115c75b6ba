"""A class changes hands in a real browser: asked for on one phone, accepted from the message's link on another."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from scheduling.models import Instructor, Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.product import Product, code_in
from tests.factories import BookingFactory, InstructorFactory, SlotFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

HELENA = "helena.substitute@example.org"


@pytest.fixture
def slot() -> Slot:
    return SlotFactory(instructor__user__name="Asha", class_type__name="Chair Yoga")


@pytest.fixture
def helena() -> Instructor:
    return InstructorFactory(user__name="Helena", user__email=HELENA)


def link_in(product: Product) -> str:
    """The address of the page in the message to Helena."""
    mail = product.mails.wait_for(HELENA, about="Can you take over")
    text = mail.get_body(("plain",))
    assert text is not None
    [link] = re.findall(r"\S+/teach/substitutes/\d+/", text.get_content())
    return str(link)


def test_a_substitute_is_found_by_the_messages_link(
    open_page: Callable[..., Page], product: Product, slot: Slot, helena: Instructor
) -> None:
    patient, asha_address = BookingFactory(slot=slot).patient.account, slot.instructor.user.email
    asha = open_page(LAPTOP, as_user=slot.instructor.user)
    asha.goto(f"/teach/slots/{slot.pk}/")
    asha.get_by_role("link", name="I need a substitute").click()
    asha.get_by_role("button", name="Look for a substitute").click()
    expect(asha.get_by_text("Looking for a substitute", exact=True)).to_be_visible()

    phone = open_page(PHONE)
    phone.goto(link_in(product))
    phone.get_by_label("E-mail address").fill(HELENA)
    phone.get_by_role("button", name="E-mail me a code").click()
    phone.get_by_label("Code").fill(code_in(product.mails.wait_for(HELENA, about="code")))
    phone.get_by_role("button", name="Continue").click()
    slot.refresh_from_db()
    assert slot.instructor != helena
    phone.get_by_role("button", name="Accept this class").click()

    expect(phone.get_by_text("Thank you! You teach this class.")).to_be_visible()
    slot.refresh_from_db()
    assert slot.instructor == helena
    assert patient
    product.mails.wait_for(patient.email, about="Your class has changed")
    product.mails.wait_for(asha_address, about="Substitute found")


def test_all_of_it_works_by_keyboard_and_without_javascript(
    open_page: Callable[..., Page], slot: Slot, helena: Instructor
) -> None:
    asha = open_page(PHONE, as_user=slot.instructor.user, java_script_enabled=False)
    asha.goto(f"/teach/slots/{slot.pk}/substitute/")
    asha.get_by_role("button", name="Look for a substitute").press("Enter")
    asha.wait_for_load_state()

    colleague = open_page(PHONE, as_user=helena.user, java_script_enabled=False)
    colleague.goto("/teach/")
    colleague.get_by_role("link", name=re.compile("^Chair Yoga, ")).press("Enter")
    colleague.get_by_role("button", name="Accept this class").press("Enter")

    expect(colleague.get_by_text("Thank you! You teach this class.")).to_be_visible()
    slot.refresh_from_db()
    assert slot.instructor == helena
