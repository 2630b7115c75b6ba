"""The timetable as a week: seven columns where there is room, the list everywhere else."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from core import clock
from scheduling.focus import FocusArea
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.factories import SlotFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
TABLET = {"width": 1024, "height": 768}
PAPER = {"width": 1032, "height": 703}  # A4 across, less its margins


def day(nth: int) -> date:
    """The nth day after today at the clinic."""
    return clock.clinic_today() + timedelta(days=nth)


def slot(nth: int, hour: int = 18, **fields: object) -> Slot:
    made: Slot = SlotFactory(starts_at=clock.instant_of(day(nth), time(hour)), **fields)
    return made


def corner(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box
    return round(box["x"]), round(box["y"])


def days_of(page: Page) -> list[Locator]:
    return page.locator(".timetable-days > section").all()


def in_seven_columns(page: Page) -> bool:
    """Whether the first week's days stand beside each other, and the second week's below them."""
    corners = [corner(each) for each in days_of(page)]
    lefts, tops = [left for left, _top in corners], [top for _left, top in corners]
    return (
        len(corners) == 14
        and lefts[:7] == sorted(set(lefts[:7]))
        and lefts[7:] == lefts[:7]
        and len(set(tops[:7])) == len(set(tops[7:])) == 1
        and tops[7] > tops[0]
    )


def test_a_wide_screen_shows_a_week_when_asked_and_keeps_the_filters(open_page: OpenPage) -> None:
    slot(1, class_type__name="Core", class_type__focus_areas=[FocusArea.CORE_STRENGTH])
    slot(9, class_type__name="Calm", class_type__focus_areas=[FocusArea.STRESS_AND_ANXIETY])
    page = open_page(LAPTOP)
    page.goto("/timetable/?focus=core-strength")
    views = page.get_by_role("navigation", name="View")

    views.get_by_role("link", name="Week").click()

    expect(page).to_have_url("/timetable/?focus=core-strength&view=week")
    expect(views.get_by_role("link", name="Week")).to_have_attribute("aria-current", "true")
    assert in_seven_columns(page)
    core = page.get_by_role("link", name="Core", exact=True)
    assert corner(core)[0] == corner(days_of(page)[1])[0]
    expect(page.get_by_role("link", name="Calm")).to_have_count(0)

    page.get_by_text("Filter the classes").click()
    page.get_by_label("Core strength").uncheck()

    expect(page.get_by_role("link", name="Calm")).to_be_visible()
    expect(page).to_have_url("/timetable/?view=week")
    assert in_seven_columns(page)
    views.get_by_role("link", name="List").click()
    expect(page).to_have_url("/timetable/")
    assert len(days_of(page)) == 2


def test_a_class_in_a_week_says_when_what_where_and_how_many_places_and_leads_to_itself(open_page: OpenPage) -> None:
    made = slot(2, class_type__name="Calm", room__location__name="Canal House", capacity=4, taken=1)
    page = open_page(LAPTOP, java_script_enabled=False)
    page.goto("/timetable/?view=week")

    entry = page.get_by_role("article")
    said = entry.inner_text().split("\n")

    assert [line for line in said if line.strip()] == ["18:00–19:00", "Calm", "Canal House", "3 places left"]
    box = entry.bounding_box()
    assert box and box["height"] >= 44
    entry.click(position={"x": box["width"] - 4, "y": box["height"] - 4})
    expect(page).to_have_url(f"/slots/{made.pk}/")


def test_the_keyboard_goes_through_a_week_day_by_day(open_page: OpenPage) -> None:
    slots = [slot(2, 9), slot(2, 18), slot(3, 9), slot(9, 9)]
    page = open_page(LAPTOP)
    page.goto("/timetable/?view=week")

    page.get_by_role("article").first.get_by_role("link").focus()
    reached = []
    for _ in slots:
        reached.append(page.evaluate("document.activeElement.getAttribute('href')"))
        page.keyboard.press("Tab")

    assert reached == [f"/slots/{each.pk}/" for each in slots]


def test_the_ring_of_the_keyboard_stands_around_the_whole_class(open_page: OpenPage) -> None:
    slot(2)
    page = open_page(LAPTOP)
    page.goto("/timetable/?view=week")
    entry = page.get_by_role("article")

    page.get_by_role("navigation", name="View").get_by_role("link", name="Week").focus()
    page.keyboard.press("Tab")

    expect(entry.get_by_role("link")).to_be_focused()
    expect(entry).to_have_css("outline-style", "solid")
    expect(entry.get_by_role("link")).to_have_css("outline-style", "none")


@pytest.mark.parametrize(
    ("viewport", "open_at_once"), [(LAPTOP, True), (TABLET, False), (PHONE, False)], ids=["laptop", "tablet", "phone"]
)
def test_the_first_class_is_on_the_first_screen_with_the_filters_beside_it_or_behind_a_button(
    open_page: OpenPage, viewport: dict[str, int], open_at_once: bool
) -> None:
    for nth in (1, 2, 3):
        slot(nth)
    page = open_page(viewport)
    page.goto("/timetable/")
    choice = page.get_by_label("Core strength")

    assert choice.is_visible() is open_at_once
    first = page.get_by_role("article").first
    box = first.bounding_box()
    assert box and box["y"] + box["height"] <= viewport["height"]
    if open_at_once:
        assert corner(choice)[0] < corner(first)[0]
    else:
        page.get_by_text("Filter the classes").click()
        expect(choice).to_be_visible()


def test_on_a_phone_a_week_is_the_list(open_page: OpenPage) -> None:
    for nth in (1, 2, 3):
        slot(nth)
    page = open_page(PHONE)
    page.goto("/timetable/?view=week")

    shown = [each for each in days_of(page) if each.is_visible()]

    assert len(shown) == 3
    assert len({corner(each)[0] for each in shown}) == 1
    expect(page.get_by_role("navigation", name="Days")).to_be_visible()
    expect(page.get_by_role("navigation", name="View")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_on_paper_a_week_stands_in_seven_columns_without_what_one_clicks(open_page: OpenPage) -> None:
    slot(1)
    page = open_page(PAPER)
    page.goto("/timetable/?view=week")

    page.emulate_media(media="print")

    assert in_seven_columns(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PAPER["width"]
    for what in (page.get_by_role("navigation"), page.get_by_text("Subscribe in your calendar")):
        assert not any(each.is_visible() for each in what.all())


def test_the_classes_can_be_subscribed_to_by_a_click_or_by_an_address(open_page: OpenPage) -> None:
    slot(1, class_type__name="Calm")
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/timetable/")

    page.get_by_text("Subscribe in your calendar").click()

    address = page.get_by_label("Or copy this address").input_value()
    expect(page.get_by_role("link", name="Subscribe on this device")).to_have_attribute(
        "href", f"webcal:{address.partition(':')[2]}"
    )
    assert "SUMMARY:Calm" in page.request.get(address).text()
