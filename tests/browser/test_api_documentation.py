"""The API's documentation page works under our Content-Security-Policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.api.client import description
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_every_page import violations

pytestmark = pytest.mark.browser

# Swagger UI's own markup, which no style sheet mends.
SWAGGERS = {"heading-order", "nested-interactive", "region", "scrollable-region-focusable", "select-name"}


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP])
def test_the_documentation_lists_the_operations(open_page: Callable[..., Page], viewport: dict[str, int]) -> None:
    page = open_page(viewport)

    page.goto("/api/v1/docs/")
    page.get_by_text("Book a place").click()

    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(sum(map(len, description()["paths"].values())))


def test_colours_sizes_and_landmarks_of_the_documentation_are_for_everyone(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    page.goto("/api/v1/docs/")
    page.get_by_text("Book a place").click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()

    found = [problem for viewport in (PHONE, LAPTOP) for problem in violations(page, viewport, "light")]

    assert [problem for problem in found if problem.split()[2] not in SWAGGERS] == []
