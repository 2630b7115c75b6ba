"""A timetable from a file, on a phone and a laptop: a mistake found, mended, imported, and downloaded again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from core import clock
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

LEAST_TARGET = 44


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP])
def test_a_mistake_is_shown_and_the_mended_file_is_imported(
    open_page: Callable[..., Page], tmp_path: Path, viewport: dict[str, int]
) -> None:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    ClassTypeFactory(name="Gentle Back Care")
    RoomFactory(name="Willow")
    day = clock.clinic_today() + timedelta(days=8)
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    right.write_text(f"class type,room,day,time,state\nGentle Back Care,Willow,{day},18:00,published\n")
    wrong.write_text(right.read_text().replace("Willow", "Wilow"))
    page = open_page(viewport, as_user=instructor.user)
    page.goto("/teach/")

    page.get_by_role("link", name="Import or export").click()
    page.get_by_label("CSV file").set_input_files(wrong)
    page.get_by_role("button", name="Look at the rows").click()
    expect(page.get_by_text("There is no room called “Wilow”. Did you mean “Willow")).to_be_visible()
    page.get_by_role("link", name="Choose the changed file").click()
    page.get_by_label("CSV file").set_input_files(right)
    page.get_by_role("button", name="Look at the rows").click()
    page.get_by_role("button", name="Import all rows").click()

    expect(page.get_by_text("Imported: 1 class.")).to_be_visible()
    assert [slot.state for slot in Slot.objects.all()] == [Slot.State.PUBLISHED]
    page.goto("/teach/import/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the timetable").click()
    assert "Gentle Back Care" in download.value.path().read_text()


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP])
def test_the_field_for_a_file_is_as_tall_as_the_others(
    open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    page = open_page(viewport)
    page.goto("/styleguide/")

    [field] = page.get_by_label("A doctor’s letter").all()[:1]
    box = field.bounding_box()
    border = field.evaluate("element => getComputedStyle(element).borderTopWidth")
    inside = field.evaluate("element => parseFloat(getComputedStyle(element, '::file-selector-button').minHeight)")

    assert box is not None and box["height"] >= LEAST_TARGET
    assert (border, inside) == ("1px", 36)
