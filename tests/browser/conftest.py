"""A real Chromium on the real product."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from accounts.models import User
from tests.browser.product import Product
from tests.chromium import launch_options

# Playwright's event loop runs in the thread of the tests; Django would take their own queries for asynchronous ones.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def product(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Product]:
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path="/" + str(settings.DATABASES["default"]["NAME"])))
    with Product(url) as product:
        yield product


@pytest.fixture
def open_page(browser: Browser, product: Product, transactional_db: None) -> Iterator[Callable[..., Page]]:
    """Open pages in contexts of their own: `open_page(LAPTOP, as_user=user)`.

    What the browser complains about in its console fails the test, unless errors are what the page is opened for.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(
        viewport: dict[str, int] = PHONE, *, as_user: User | None = None, expect_errors: bool = False, **options: Any
    ) -> Page:
        context = browser.new_context(base_url=product.url, viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        if as_user is not None:
            context.add_cookies([_session_cookie(as_user, product.url)])  # type: ignore[list-item]
        page = context.new_page()
        page.set_default_timeout(15_000)
        if expect_errors:
            return page
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None,
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _session_cookie(user: User, url: str) -> dict[str, Any]:
    """A signed-in session, as `Client.force_login` makes one."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}
