"""Signing in in a real browser: passkeys with a virtual authenticator, and the pages that only some people see."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from accounts import roles
from accounts.models import User
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.product import Product, code_in
from tests.browser.test_every_page import violations
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(product: Product) -> str:
    """The product under a name: browsers keep no passkeys for a bare number."""
    return product.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def staff() -> User:
    return UserFactory(email="ida@example.org", name="Ida", role=roles.INSTRUCTOR)


def sign_in_by_code(page: Page, site: str, product: Product, email: str) -> None:
    already = len(product.mails.to(email))
    page.goto(f"{site}/accounts/login/?next=/my/profile/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="E-mail me a code").click()
    page.get_by_label("Code").fill(code_in(product.mails.wait_for(email, already=already)))
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()


def test_a_passkey_is_added_and_then_lets_its_owner_in_alone(
    open_page: Callable[..., Page], product: Product, site: str, staff: User
) -> None:
    page = open_page(LAPTOP)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    sign_in_by_code(page, site, product, staff.email)
    page.get_by_role("link", name="Add a second step").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    page.goto(f"{site}/my/profile/")
    sign_out(page)
    page.goto(f"{site}/accounts/login/?next=/my/profile/")
    page.get_by_role("button", name="With a passkey").click()
    page.wait_for_url(f"{site}/my/profile/")
    after_passkey = page.get_by_label("Your name").input_value()
    sign_out(page)
    sign_in_by_code(page, site, product, staff.email)
    page.get_by_role("button", name="Use my passkey").wait_for()
    assert barriers(page) == []
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url(f"{site}/my/profile/")

    assert after_passkey == "Ida"
    assert product.mails.to(staff.email, about="account was changed")


def test_a_passkey_waits_for_its_script_rather_than_ignoring_a_press(
    open_page: Callable[..., Page], product: Product, staff: User
) -> None:
    page = open_page(LAPTOP, as_user=staff)
    held_back: list[Route] = []
    # Playwright marks its handlers, and a bound method takes no mark.
    page.route("**/accounts/passkeys*.js", lambda route: held_back.append(route))  # noqa: PLW0108
    page.goto("/accounts/2fa/webauthn/add/", wait_until="commit")
    button = page.get_by_role("button", name="Add a passkey")
    page.locator("#passkey-add").wait_for(state="attached")
    page.wait_for_function("document.styleSheets.length > 0")  # nothing is painted before
    while_waiting = button.is_visible()

    page.wait_for_timeout(100)
    held_back.pop().continue_()
    button.wait_for()

    assert not while_waiting


def test_a_browser_without_passkeys_says_so(open_page: Callable[..., Page], product: Product, staff: User) -> None:
    page = open_page(PHONE, as_user=staff)
    page.add_init_script("delete window.PublicKeyCredential")

    page.goto("/accounts/2fa/webauthn/add/")

    expect(page.get_by_text("This browser offers no passkeys here.")).to_be_visible()


def test_a_passkey_that_is_not_there_is_no_dead_end(open_page: Callable[..., Page], site: str) -> None:
    page = open_page(PHONE, expect_errors=True)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="With a passkey").click()

    expect(page.get_by_text("The passkey was not used.")).to_be_visible(timeout=15_000)


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/email/",
        "/accounts/password/",
        "/accounts/logout/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
    ],
)
def test_pages_about_ones_account_are_for_everyone(open_page: Callable[..., Page], staff: User, address: str) -> None:
    page = open_page(PHONE, as_user=staff, reduced_motion="reduce")
    page.goto(address)

    assert barriers(page) == []


def test_the_way_in_is_for_everyone(open_page: Callable[..., Page], product: Product) -> None:
    page = open_page(PHONE, reduced_motion="reduce")

    page.goto("/accounts/login/password/")
    assert barriers(page) == []

    page.goto("/accounts/login/?next=/timetable/")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_role("button", name="E-mail me a code").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    assert barriers(page) == []

    page.get_by_label("Code").fill("1")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Please check this first").wait_for()
    assert barriers(page) == []

    page.get_by_label("Code").fill(code_in(product.mails.wait_for("new@example.org")))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Welcome, you are new here").wait_for()
    assert barriers(page) == []


def barriers(page: Page) -> list[str]:
    """What axe-core complains about in both sizes and schemes, and sideways scrolling at 320 px."""
    page.wait_for_load_state("networkidle")
    found = [
        line for size in (PHONE, LAPTOP) for scheme in ("light", "dark") for line in violations(page, size, scheme)
    ]
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"320: the page is {width} wide"] if width > 320 else [])
