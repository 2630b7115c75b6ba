"""One sandbox for all its tests in a process, emptied before each; a webhook that listens to it."""

from collections.abc import Iterator

import pytest
import stripe

from tests.payments.sandbox.running import Sandbox, Webhook


@pytest.fixture(scope="session")
def listening() -> Iterator[Webhook]:
    """The webhook of the running sandbox."""
    with Webhook() as webhook:
        yield webhook


@pytest.fixture(scope="session")
def running(listening: Webhook) -> Iterator[Sandbox]:
    """The running sandbox."""
    with Sandbox(webhook_url=listening.url) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """An empty sandbox that keeps its events to itself until told otherwise."""
    running.control("reset")
    running.control("webhooks", paused=True)
    return running


@pytest.fixture
def webhook(sandbox: Sandbox, listening: Webhook) -> Webhook:
    """An empty webhook that gets the events at once."""
    listening.clear()
    sandbox.control("webhooks", paused=False, retry_seconds=[0.05, 0.05])
    return listening


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    """The official SDK on the sandbox."""
    return sandbox.client()
