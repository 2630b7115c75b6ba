"""What script adds to the timetable and to planning a class; all of it works without."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from core import clock
from scheduling.focus import FocusArea
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.factories import ClassTypeFactory, InstructorFactory, SlotFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


def two_classes() -> tuple[Slot, Slot]:
    calm = SlotFactory(class_type__name="Calm", class_type__focus_areas=[FocusArea.STRESS_AND_ANXIETY])
    core = SlotFactory(class_type__name="Core", class_type__focus_areas=[FocusArea.CORE_STRENGTH])
    return calm, core


def test_a_filter_changes_the_list_the_count_and_the_address_and_going_back_undoes_it(open_page: OpenPage) -> None:
    two_classes()
    page = open_page(LAPTOP)
    page.goto("/timetable/")
    expect(page.get_by_role("status").filter(has_text="2 classes")).to_be_visible()

    page.get_by_label("Core strength").check()

    expect(page.get_by_role("status").filter(has_text="1 class until")).to_be_visible()
    expect(page.get_by_role("link", name="Calm")).to_have_count(0)
    expect(page).to_have_url("/timetable/?focus=core-strength")
    expect(page.get_by_label("Core strength")).to_be_focused()

    page.go_back()
    expect(page.get_by_role("link", name="Calm")).to_be_visible()
    expect(page.get_by_role("link", name="Core")).to_be_visible()


def test_without_script_the_filters_are_a_form_with_a_button(open_page: OpenPage) -> None:
    two_classes()
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/timetable/")

    page.get_by_text("Filter the classes").click()
    page.get_by_label("Core strength").check()
    page.get_by_label("Level").select_option("Gentle")
    page.get_by_role("button", name=re.compile("^Show")).click()

    expect(page.get_by_role("link", name="Core")).to_be_visible()
    expect(page.get_by_role("link", name="Calm")).to_have_count(0)


def a_class_on_each_day(days: int) -> list[Slot]:
    first = clock.day_bounds(clock.clinic_today())[0] + timedelta(hours=34)
    return [SlotFactory(starts_at=first + timedelta(days=day)) for day in range(days)]


def test_the_strip_of_days_leads_to_a_day_stays_on_the_screen_and_marks_it(open_page: OpenPage) -> None:
    slot = a_class_on_each_day(12)[8]
    page = open_page(PHONE, reduced_motion="reduce")
    page.goto("/timetable/")
    strip = page.get_by_role("navigation", name="Days")
    link = strip.get_by_role("link", name=f"{clock.clinic_time(slot.starts_at):%a %-d %B}")

    link.click()

    heading = page.get_by_role("heading", name=clock.format_day(clock.clinic_time(slot.starts_at)))
    expect(heading).to_be_in_viewport()
    expect(strip).to_be_in_viewport()
    expect(link).to_have_attribute("aria-current", "true")
    expect(strip.locator("[aria-current]")).to_have_count(1)
    top, below = heading.bounding_box(), strip.bounding_box()
    assert top and below and top["y"] >= below["y"] + below["height"]  # nothing hides behind the strip
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_without_script_the_strip_of_days_leads_to_a_day(open_page: OpenPage) -> None:
    slot = a_class_on_each_day(9)[8]
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/timetable/")

    page.get_by_role("link", name=f"{clock.clinic_time(slot.starts_at):%a %-d %B}").click()

    expect(page.get_by_role("heading", name=slot.class_type.name, exact=True)).to_be_in_viewport()


def test_choosing_a_class_type_fills_in_its_figures_but_not_over_what_was_typed(open_page: OpenPage) -> None:
    ClassTypeFactory(name="Long", minutes=90, capacity=6, price=2400)
    ClassTypeFactory(name="Short", minutes=30, capacity=10, price=900)
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    page = open_page(LAPTOP, as_user=instructor.user)
    page.goto("/teach/slots/new/")

    page.get_by_label("Class type").select_option("Long")
    filled = [page.get_by_label(label).input_value() for label in ("Minutes", "Places", "Price")]
    page.get_by_label("Places").fill("5")
    page.get_by_label("Class type").select_option("Short")
    refilled = [page.get_by_label(label).input_value() for label in ("Minutes", "Places", "Price")]

    assert filled == ["90", "6", "24,00"]
    assert refilled == ["30", "5", "9,00"]
