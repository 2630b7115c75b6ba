"""Making the address of a calendar feed, and copying it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from tests.browser.conftest import PHONE
from tests.factories import InstructorFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_an_address_is_made_and_copied(open_page: Callable[..., Page]) -> None:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    page = open_page(PHONE, as_user=instructor.user, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/teach/feeds/")

    page.get_by_role("button", name="New address for my classes").click()
    expect(page.get_by_label("Address of the feed")).to_be_focused()
    page.get_by_role("button", name="Copy the address").first.click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == page.get_by_label("Address of the feed").input_value()
    assert "/feeds/" in address and address.endswith(".ics")
    assert page.locator(".btn-primary").all_inner_texts() == ["Copy the address"]


def test_without_script_there_is_no_button_that_does_nothing(open_page: Callable[..., Page]) -> None:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    page = open_page(PHONE, as_user=instructor.user, java_script_enabled=False)

    page.goto("/teach/feeds/")

    expect(page.get_by_label("Public address")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the address")).to_be_hidden()
