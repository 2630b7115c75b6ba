"""Fault 40 and 41: reminders are switched off by a person's click, or by one POST of a mail program."""

import pytest
from django.test import Client

from accounts.models import User
from notifications.models import Kind, Preference
from notifications.operations import switch_reminders
from notifications.unsubscribe import account_of_token, unsubscribe_url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/my/messages/"


@pytest.fixture
def account() -> User:
    user: User = UserFactory(email="anna@example.org", name="Anna Meier")
    return user


@pytest.fixture
def link(account: User) -> str:
    return "/unsubscribe/" + unsubscribe_url(account).split("/unsubscribe/")[1]


@pytest.fixture
def mail_program() -> Client:
    """Knows no cookie, and would be refused where a CSRF token is asked for."""
    return Client(enforce_csrf_checks=True)


def wants_reminders(account: User) -> bool:
    return Preference.objects.wants(account, Kind.CLASS_REMINDER)


def test_an_account_wants_reminders_until_it_says_otherwise(account: User) -> None:
    assert wants_reminders(account)


def test_a_mail_program_unsubscribes_by_one_post_without_a_cookie(
    mail_program: Client, account: User, link: str
) -> None:
    answer = mail_program.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert "Reminders are off." in answer.content.decode()
    assert not wants_reminders(account)


def test_a_mail_program_may_send_the_form_as_multipart(mail_program: Client, account: User, link: str) -> None:
    answer = mail_program.post(link, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, wants_reminders(account)) == (200, False)


def test_a_scanner_that_opens_the_link_changes_nothing(client: Client, account: User, link: str) -> None:
    pages = [client.get(link), client.head(link), client.options(link)]

    assert [page.status_code for page in pages] == [200, 200, 405]
    assert "Switch reminders off" in pages[0].content.decode()
    assert (Preference.objects.count(), wants_reminders(account)) == (0, True)


def test_the_page_names_no_person(client: Client, link: str) -> None:
    page = client.get(link).content.decode()

    assert "anna" not in (page + link).lower()
    assert "meier" not in (page + link).lower()


def test_who_unsubscribed_by_mistake_undoes_it_there(client: Client, account: User, link: str) -> None:
    client.post(link)

    answer = client.post(link, {"on": "1"})

    assert "Reminders are on again." in answer.content.decode()
    assert wants_reminders(account)


@pytest.mark.parametrize("token", ["nonsense", "1", "1.x", ".", "%00", "a" * 5000])
def test_a_link_that_is_not_ours_is_not_found(client: Client, token: str) -> None:
    assert client.post(f"/unsubscribe/{token}/").status_code == 404


def test_the_link_of_one_account_does_not_open_another(account: User, link: str) -> None:
    other = UserFactory()
    signature = link.rstrip("/").split(".", 1)[1]

    assert account_of_token(f"{other.pk}.{signature}") is None
    assert account_of_token(f"{account.pk}.{signature}") == account


def test_the_link_of_an_erased_account_is_not_found(client: Client, account: User, link: str) -> None:
    account.delete()

    assert client.post(link).status_code == 404


def test_reminders_are_switched_off_and_on_in_the_profile(client: Client, account: User) -> None:
    client.force_login(account)

    before = client.get(PAGE).context["form"]["reminders"].value()
    off = client.post(PAGE, {})
    after = client.get(PAGE).context["form"]["reminders"].value()
    client.post(PAGE, {"reminders": "on"})

    assert (before, after, wants_reminders(account)) == (True, False, True)
    assert (off.status_code, off["Location"]) == (303, PAGE)


def test_a_visitor_signs_in_before_changing_preferences(client: Client) -> None:
    answer = client.post(PAGE, {})

    assert answer["Location"] == "/accounts/login/?next=/my/messages/"
    assert Preference.objects.count() == 0


def test_switching_twice_leaves_one_row(account: User) -> None:
    for on in (False, False, True):
        switch_reminders(account=account, on=on)

    assert list(Preference.objects.values_list("kind", "wanted")) == [(Kind.CLASS_REMINDER, True)]
