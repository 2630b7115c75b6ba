"""Fixtures that many tests share."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments import stripe
from tests.payments.sandbox.running import API_KEY, WEBHOOK_SECRET, Sandbox


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def stripe_sandbox(_sandbox_process: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The running sandbox, empty, as the Stripe that `payments.stripe` talks to. Its webhooks go nowhere."""
    _sandbox_process.control("reset")
    settings.STRIPE_API_BASE = _sandbox_process.base_url
    settings.STRIPE_SECRET_KEY = API_KEY
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    stripe._client.cache_clear()
    yield _sandbox_process
    stripe._client.cache_clear()
