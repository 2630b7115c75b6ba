"""The API's documentation page works under our Content-Security-Policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP])
def test_the_documentation_lists_the_operations(open_page: Callable[..., Page], viewport: dict[str, int]) -> None:
    page = open_page(viewport)

    page.goto("/api/v1/docs/")
    page.get_by_text("Book a place").click()

    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(7)
