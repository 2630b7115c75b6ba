"""`make screenshots`: starts the product on a throwaway database with demo data and photographs it for the README."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.embedded import EmbeddedServers
from config.environment import local_environment, local_secrets
from tests.browser.product import Product, code_in
from tests.chromium import launch_options

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 860}


def main() -> int:
    """Write docs/screenshots/*.png and return an exit code."""
    with EmbeddedServers() as servers:
        os.environ.update(local_environment(local_secrets()) | servers.environment)
        for command in (["migrate", "--no-input"], ["load_demo"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True, capture_output=True)
        with Product(os.environ["DATABASE_URL"]) as product, sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())
            photograph(product, browser)
            browser.close()
    return 0


def photograph(product: Product, browser: Browser) -> None:
    """The pages that tell the story: landing page, timetable, class, held place, calendar, series, day sheet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    visitor = new_page(browser, product, LAPTOP)
    visitor.goto("/")
    keep(visitor, "landing")

    patient = new_page(browser, product, PHONE)
    sign_in(patient, product, "patient@sukha.example", then="/timetable/?focus=muscle-tension")
    keep(patient, "timetable")
    patient.locator(".slot-row:has(.badge-good) h3 a").first.click()
    keep(patient, "class")
    patient.get_by_role("button", name="Book").first.click()
    keep(patient, "held-place")

    today = datetime.now(UTC).date()
    monday = today + timedelta(days=7 - today.weekday())
    manager = new_page(browser, product, LAPTOP)
    sign_in(manager, product, "manager@sukha.example", then=f"/teach/calendar/?day={monday}")
    manager.locator(".calendar-grid .entry").first.wait_for()
    keep(manager, "calendar")

    instructor = new_page(browser, product, LAPTOP)
    sign_in(instructor, product, "asha@sukha.example", then="/teach/series/new/")
    plan_a_series(instructor, monday)
    keep(instructor, "series-dates")

    desk = new_page(browser, product, LAPTOP)
    sign_in(desk, product, "desk@sukha.example", then="/desk/")
    keep(desk, "day-sheet")


def plan_a_series(page: Page, first: date) -> None:
    """Up to the page that shows its dates: on Wednesdays the instructor teaches already."""
    page.get_by_label("Class type").select_option(label="Chair Yoga")
    page.get_by_label("Room").select_option(label="Hall, Canal House (14 mats)")
    page.get_by_label("First day", exact=True).fill(first.isoformat())
    page.get_by_label("Begins at").fill("10:00")
    for weekday in ("Monday", "Wednesday"):
        page.get_by_label(weekday).check()
    page.get_by_role("button", name="Show the dates").click()
    page.get_by_role("heading", name="Check the dates").wait_for()


def new_page(browser: Browser, product: Product, viewport: dict[str, int]) -> Page:
    context = browser.new_context(
        base_url=product.url,
        viewport=viewport,  # type: ignore[arg-type]
        timezone_id="Europe/Berlin",
    )
    return context.new_page()


def sign_in(page: Page, product: Product, email: str, *, then: str) -> None:
    """Through the front door: address, mailed code."""
    page.goto("/accounts/login/")
    page.locator("input[type=email]").fill(email)
    page.locator("main form button").first.click()
    page.locator("input[autocomplete=one-time-code]").fill(code_in(product.mails.wait_for(email, about="code")))
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    page.goto(then)


def keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
