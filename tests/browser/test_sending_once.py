"""A double click sends a form once; what was sent once can be sent again when its answer leaves the page as it is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from accounts import roles
from accounts.models import User
from core import clock
from scheduling.models import Instructor, Slot, TimeOff
from tests.browser.conftest import LAPTOP
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    RoomFactory,
    TimeOffFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
DOWNLOAD = {"Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="classes.csv"'}


@pytest.fixture
def instructor(transactional_db: None) -> Instructor:
    asha: Instructor = InstructorFactory(user__name="Asha Lind")
    roles.assign_role(asha.user, roles.INSTRUCTOR)
    return asha


def sent_from(page: Page) -> list[Request]:
    """The forms that the page sends from now on."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    return sent


def in_a_week() -> datetime:
    return clock.now() + timedelta(days=7)


def fill_class(page: Page) -> None:
    page.goto("/teach/slots/new/")
    page.get_by_label("Class type").select_option(label="Gentle Back Care")
    page.get_by_label("Room").select_option(index=1)
    page.get_by_label("Date").fill(in_a_week().date().isoformat())
    page.get_by_label("Begins at").fill("18:00")


def add_button(page: Page) -> Locator:
    """The button of the form that adds a time off tomorrow week."""
    page.goto("/teach/time-off/")
    page.get_by_label("First day").fill(in_a_week().date().isoformat())
    return page.get_by_role("button", name="Add time off")


def answer_with(page: Page, path: str, **answer: object) -> None:
    """Let forms that go to `path` be answered so."""

    def answered(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(**answer)  # type: ignore[arg-type]
        else:
            route.continue_()

    page.route(f"**{path}", answered)


class TestADoubleClick:
    def test_plans_one_class_with_the_value_of_its_button(self, instructor: Instructor, open_page: OpenPage) -> None:
        ClassTypeFactory(name="Gentle Back Care")
        RoomFactory()
        page = open_page(LAPTOP, as_user=instructor.user)
        fill_class(page)
        sent = sent_from(page)

        page.get_by_role("button", name="Save as draft").dblclick()

        expect(page.get_by_text("Saved as a draft.")).to_be_visible()
        expect(page.get_by_text("is taken")).to_have_count(0)
        assert ["then=draft" in (each.post_data or "") for each in sent] == [True]
        assert Slot.objects.get().state == Slot.State.DRAFT

    def test_without_javascript_that_is_sent_twice_plans_one_class_and_ends_in_its_success(
        self, instructor: Instructor, open_page: OpenPage
    ) -> None:
        ClassTypeFactory(name="Gentle Back Care")
        RoomFactory()
        page = open_page(LAPTOP, as_user=instructor.user, java_script_enabled=False)
        fill_class(page)
        lost: list[int] = []

        def lose_the_first_answer(route: Route) -> None:
            if route.request.method == "POST" and not lost:
                lost.append(route.fetch(max_redirects=0).status)
                route.fulfill(status=204)
            else:
                route.continue_()

        page.route("**/teach/slots/new/", lose_the_first_answer)
        button = page.get_by_role("button", name="Save as draft")

        with page.expect_response("**/teach/slots/new/"):
            button.click()
        button.click()

        expect(page.get_by_text("Saved as a draft.").first).to_be_visible()
        expect(page.get_by_text("is taken")).to_have_count(0)
        assert lost == [302]
        assert Slot.objects.get().state == Slot.State.DRAFT

    def test_removes_once(self, instructor: Instructor, open_page: OpenPage) -> None:
        TimeOffFactory(instructor=instructor)
        page = open_page(LAPTOP, as_user=instructor.user)
        page.goto("/teach/time-off/")
        sent = sent_from(page)

        page.get_by_role("button", name="Remove").dblclick()

        expect(page.get_by_text("Removed: ")).to_be_visible()
        assert len(sent) == 1
        assert not TimeOff.objects.exists()


class TestAFormWhoseAnswerLeavesThePage:
    def test_is_busy_until_the_browser_brings_the_page_back(self, instructor: Instructor, open_page: OpenPage) -> None:
        page = open_page(LAPTOP, as_user=instructor.user)
        button = add_button(page)
        answer_with(page, "/teach/time-off/", status=204)
        sent = sent_from(page)
        form = page.locator("form", has=button)

        button.dblclick()
        expect(form).to_have_attribute("aria-busy", "true")
        button.press("Enter")
        assert len(sent) == 1

        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(form).not_to_have_attribute("aria-busy", "true")
        button.click()
        assert len(sent) == 2

    def test_control_without_the_guard_is_sent_twice(self, instructor: Instructor, open_page: OpenPage) -> None:
        page = open_page(LAPTOP, as_user=instructor.user)
        page.add_init_script("addEventListener('submit', (event) => event.stopImmediatePropagation(), true)")
        button = add_button(page)
        answer_with(page, "/teach/time-off/", status=204)
        sent = sent_from(page)

        for _ in range(2):
            with page.expect_request("**/teach/time-off/"):
                button.press("Enter")

        assert len(sent) == 2

    def test_such_as_a_download_can_be_asked_for_again(self, instructor: Instructor, open_page: OpenPage) -> None:
        page = open_page(LAPTOP, as_user=instructor.user)
        page.clock.install()
        button = add_button(page)
        answer_with(page, "/teach/time-off/", headers=DOWNLOAD, body="class type\n")
        sent = sent_from(page)

        with page.expect_download() as first:
            button.click()
        page.clock.fast_forward(15_000)
        with page.expect_download() as second:
            button.click()

        assert [each.value.suggested_filename for each in (first, second)] == ["classes.csv"] * 2
        assert len(sent) == 2


def test_a_form_that_htmx_sends_can_be_sent_again(instructor: Instructor, open_page: OpenPage) -> None:
    page = open_page(LAPTOP, as_user=instructor.user)
    button = add_button(page)
    answer_with(page, "/teach/time-off/", status=204)
    form = page.locator("form", has=button)
    form.evaluate("form => { form.setAttribute('hx-post', form.action); htmx.process(form); }")
    sent = sent_from(page)

    for times in (1, 2):
        with page.expect_response("**/teach/time-off/"):
            button.click()
        expect(form).not_to_have_attribute("aria-busy", "true")
        assert len(sent) == times


def test_another_form_of_the_page_can_be_sent_meanwhile(open_page: OpenPage, transactional_db: None) -> None:
    manager: User = UserFactory(role=roles.MANAGER)
    first, second = (TimeOffFactory(instructor=InstructorFactory(user__name=name)) for name in ("Asha", "Ben"))
    page = open_page(LAPTOP, as_user=manager)
    page.goto("/teach/time-off/")
    for each in (first, second):
        answer_with(page, f"/teach/time-off/{each.pk}/remove/", status=204)
    sent = sent_from(page)

    for each in (first, second):
        page.locator(f'form[action$="/{each.pk}/remove/"] button').click()

    assert [request.url.split("/")[-3] for request in sent] == [str(first.pk), str(second.pk)]
