"""Wherever the tests run, there is a Chromium."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import ARGUMENTS, NoChromiumError, chromium_environment, chromium_path, unpacked_chromium

pytestmark = pytest.mark.browser


def title_shown_by(program: Path) -> str:
    # In a thread of its own: Playwright starts once in a thread, and the browser tests may have done so in this one.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(open_page, program).result()


def open_page(program: Path) -> str:
    with sync_playwright() as playwright:
        environment: dict[str, str | float | bool] = {**chromium_environment(program)}
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env=environment)
        page = browser.new_page()
        page.goto("data:text/html;charset=utf-8,<title>…</title><script>document.title = 'Übung ' + 6 * 7</script>")
        title = page.title()
        browser.close()
    return title


def test_the_machines_own_or_the_carried_chromium_opens_a_page() -> None:
    assert title_shown_by(chromium_path()) == "Übung 42"


def test_the_carried_chromium_opens_a_page_on_every_machine() -> None:
    assert title_shown_by(unpacked_chromium()) == "Übung 42"


def test_a_chromium_named_in_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    carried = unpacked_chromium()
    monkeypatch.setenv("CHROMIUM_PATH", str(carried))
    monkeypatch.setenv("LD_LIBRARY_PATH", chromium_environment(carried)["LD_LIBRARY_PATH"])

    assert chromium_path() == carried


def test_a_named_chromium_that_does_not_run_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")

    with pytest.raises(NoChromiumError, match="CHROMIUM_PATH names /nowhere/chromium, which does not run"):
        chromium_path()
