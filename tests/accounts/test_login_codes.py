"""The code that is mailed: how it is read and typed, how long and how often it works, and how many one may ask for."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from core import clock
from tests.accounts.conftest import CODE_PAGE, AskForCode, Mails, signed_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["{}", " {} ", "{0[0]}{0[1]}{0[2]}-{0[4]}{0[5]}{0[6]}"])
def test_the_code_may_be_typed_with_its_space_without_or_with_a_dash(
    client: Client, ask_for_code: AskForCode, typed: str
) -> None:
    user = UserFactory(email="known@example.org")

    client.post("/accounts/login/code/", {"code": typed.format(ask_for_code("known@example.org"))})

    assert signed_in(client) == user


def test_the_mail_says_the_code_readably_and_how_long_it_is_valid(ask_for_code: AskForCode, mails: Mails) -> None:
    ask_for_code("new@example.org")

    (mail,) = mails.due
    assert (mail.kind, mail.recipient, mail.email) == ("login_code", None, "new@example.org")
    assert re.fullmatch(r"\d{3} \d{3}", mail.context.pop("code"))
    assert mail.context == {"minutes": 10}


def test_a_wrong_code_says_how_many_tries_are_left_and_the_third_ends_it(
    client: Client, ask_for_code: AskForCode
) -> None:
    right = ask_for_code("known@example.org", then="/slots/7/").replace(" ", "")
    wrong = f"{(int(right) + 1) % 1_000_000:06}"

    first, second, third, late = (client.post(CODE_PAGE, {"code": code}) for code in (wrong, wrong, wrong, right))

    assert "You have 2 more tries." in first.content.decode()
    assert "You have one more try." in second.content.decode()
    assert third["Location"] == late["Location"] == "/accounts/login/?next=%2Fslots%2F7%2F"
    assert "three times" in client.get(third["Location"]).content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00", "9" * 10_000])
def test_a_slip_of_the_form_costs_no_guess(client: Client, ask_for_code: AskForCode, typed: str) -> None:
    user = UserFactory(email="known@example.org")
    right = ask_for_code("known@example.org")

    slips = [client.post("/accounts/login/code/", {"code": typed}) for _ in range(4)]
    client.post("/accounts/login/code/", {"code": right})

    assert {slip.status_code for slip in slips} == {200}
    assert signed_in(client) == user


def test_a_code_is_valid_for_ten_minutes_and_no_longer(
    client: Client, ask_for_code: AskForCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = UserFactory(email="known@example.org")
    for minutes, comes_in in ((9, user), (11, None)):
        client.logout()
        code = ask_for_code("known@example.org")

        with monkeypatch.context() as later:
            moment = clock.now() + timedelta(minutes=minutes)
            later.setattr(clock, "reading", lambda moment=moment: moment)
            answer = client.post("/accounts/login/code/?next=/slots/7/", {"code": code})

        assert signed_in(client) == comes_in
    assert answer["Location"] == "/accounts/login/?next=%2Fslots%2F7%2F"
    assert "no longer valid" in client.get(answer["Location"]).content.decode()


def test_a_new_code_replaces_the_earlier_one(client: Client, ask_for_code: AskForCode, mails: Mails) -> None:
    user = UserFactory(email="known@example.org")
    earlier = ask_for_code("known@example.org", then="/slots/7/")

    resent = client.post(CODE_PAGE, {"action": "resend"})
    with_earlier = client.post(CODE_PAGE, {"code": earlier})
    newer = mails.last_code
    with_newer = client.post(CODE_PAGE, {"code": newer})

    assert earlier != newer
    assert resent["Location"] == CODE_PAGE
    assert with_earlier.status_code == 200
    assert with_newer["Location"] == "/slots/7/"
    assert signed_in(client) == user


def test_a_used_code_does_not_work_again(client: Client, ask_for_code: AskForCode) -> None:
    UserFactory(email="known@example.org")
    code = ask_for_code("known@example.org")

    client.post("/accounts/login/code/", {"code": code})
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"code": code})

    assert signed_in(client) is None


def test_a_code_belongs_to_the_browser_that_asked_for_it(ask_for_code: AskForCode) -> None:
    UserFactory(email="known@example.org")
    code, stranger = ask_for_code("known@example.org"), Client()

    answer = stranger.post("/accounts/login/code/", {"code": code})

    assert answer["Location"] == "/accounts/login/"
    assert signed_in(stranger) is None


def test_the_fourth_code_within_a_minute_is_refused_with_a_sentence(client: Client, mails: Mails) -> None:
    answers = [client.post("/accounts/login/", {"email": "known@example.org"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert "Too many codes were asked for." in answers[-1].content.decode()
    assert len(mails.due) == 3


def test_asking_again_from_the_code_page_counts_as_well(client: Client, mails: Mails) -> None:
    client.post("/accounts/login/", {"email": "known@example.org"})
    for _ in range(5):
        client.post("/accounts/login/code/", {"action": "resend"})

    assert len(mails.due) == 3


@pytest.mark.parametrize(("proxies", "sent"), [(0, 20), (1, 40)], ids=["nobody is believed", "control: one proxy is"])
def test_a_spoofed_address_does_not_get_round_the_limit(
    settings: Settings, mails: Mails, proxies: int, sent: int
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies

    for n in range(40):
        Client().post(
            "/accounts/login/", {"email": f"person{n}@example.org"}, headers={"X-Forwarded-For": f"198.51.100.{n}"}
        )

    assert len(mails.due) == sent


@pytest.mark.parametrize("forged", ["nonsense", "", ", ,", "1.2.3.4.5", "::1%eth0", "9" * 5_000])
def test_a_malformed_forwarded_address_is_no_error(
    client: Client, mails: Mails, settings: Settings, forged: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    answer = client.post("/accounts/login/", {"email": "a@example.org"}, headers={"X-Forwarded-For": forged})

    assert answer["Location"] == "/accounts/login/code/"
