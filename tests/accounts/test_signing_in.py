"""One page for everybody: an address goes in, a code comes back, and we ask who it is only then."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import roles
from accounts.models import Patient, User
from core import clock
from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

CODE_PAGE = "/accounts/login/code/?next=%2Fslots%2F7%2F"


def signed_in(client: Client) -> User | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None


def words(content: bytes) -> str:
    """A page without what differs from answer to answer: the CSRF token and the address itself."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", content.decode())
    return re.sub(r"\w+@example\.org", "ADDRESS", page)


def test_a_new_patient_signs_up_and_comes_back_to_the_slot(client: Client, mails: Mails) -> None:
    asked = client.post("/accounts/login/?next=/slots/7/", {"email": "New@Example.org", "next": "/slots/7/"})
    proven = client.post(asked["Location"], {"code": mails.last_code, "next": "/slots/7/"})
    welcome = client.get(proven["Location"])
    done = client.post(proven["Location"], {"name": "Nora New", "phone": "030 1234567", "next": "/slots/7/"})

    assert asked["Location"] == CODE_PAGE
    assert proven["Location"] == "/accounts/signup/?next=%2Fslots%2F7%2F"
    assert "new@example.org" in welcome.content.decode()
    assert done["Location"] == "/slots/7/"
    user = signed_in(client)
    assert user is not None
    assert (user.email, user.name, user.is_staff) == ("new@example.org", "Nora New", False)
    assert user.roles == {roles.PATIENT}
    assert user.own_patient is not None
    assert (user.own_patient.name, user.own_patient.phone) == ("Nora New", "030 1234567")


def test_a_known_patient_comes_back_to_the_slot_with_the_code_alone(client: Client, mails: Mails) -> None:
    user = UserFactory(email="known@example.org")

    client.post("/accounts/login/", {"email": "KNOWN@example.org", "next": "/slots/7/"})
    done = client.post(CODE_PAGE, {"code": mails.last_code})

    assert done["Location"] == "/slots/7/"
    assert signed_in(client) == user


def test_without_a_wish_a_patient_lands_on_their_bookings(client: Client, ask_for_code: AskForCode) -> None:
    UserFactory(email="known@example.org", role=roles.PATIENT)

    done = client.post("/accounts/login/code/", {"code": ask_for_code("known@example.org", then="")})

    assert done["Location"] == "/my/"


@pytest.mark.parametrize(
    ("role", "home"), [(roles.MANAGER, "/manage/"), (roles.FRONT_DESK, "/desk/"), (roles.INSTRUCTOR, "/teach/")]
)
def test_without_a_wish_staff_land_where_they_work(
    client: Client, ask_for_code: AskForCode, role: str, home: str
) -> None:
    UserFactory(email="staff@example.org", role=role)

    done = client.post("/accounts/login/code/", {"code": ask_for_code("staff@example.org", then="")})

    assert done["Location"] == home


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


def test_known_and_unknown_addresses_get_the_same_answer_after_the_same_work(mails: Mails) -> None:
    UserFactory(email="known@example.org", password="correct horse battery")
    answers, work = {}, {}

    for email in ("known@example.org", "unknown@example.org"):
        visitor = Client()
        with CaptureQueriesContext(connection) as queries:
            asked = visitor.post("/accounts/login/", {"email": email, "next": "/slots/7/"})
            page = visitor.get(asked["Location"])
            wrong = visitor.post(asked["Location"], {"code": "000000" if mails.last_code != "000 000" else "111111"})
        answers[email] = [asked.status_code, asked["Location"], *(words(answer.content) for answer in (page, wrong))]
        work[email] = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]

    assert answers["known@example.org"] == answers["unknown@example.org"]
    assert work["known@example.org"] == work["unknown@example.org"]
    assert not [sql for sql in work["known@example.org"] if "accounts_user" in sql]
    assert [mail.kind for mail in mails.due] == ["login_code", "login_code"]


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
            later.setattr(clock, "now", lambda moment=moment: moment)
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


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\x00//evil.example",
        "http://testserver//evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(client: Client, mails: Mails, evil: str) -> None:
    UserFactory(email="known@example.org")

    asked = client.post("/accounts/login/", {"email": "known@example.org", "next": evil})
    done = client.post("/accounts/login/code/", {"code": mails.last_code, "next": evil})

    assert asked["Location"] == "/accounts/login/code/"
    assert done["Location"] == "/my/"


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


def test_an_account_that_was_switched_off_is_told_so_once_the_mailbox_is_proven(
    client: Client, ask_for_code: AskForCode
) -> None:
    UserFactory(email="gone@example.org", is_active=False)

    answer = client.post("/accounts/login/code/", {"code": ask_for_code("gone@example.org")})

    assert answer["Location"] == "/accounts/inactive/"
    assert "switched off" in client.get(answer["Location"]).content.decode()
    assert signed_in(client) is None


def test_an_account_made_by_staff_is_claimed_by_whoever_reads_its_mailbox(
    client: Client, ask_for_code: AskForCode
) -> None:
    user = User.objects.create_user("made-at-the-desk@example.org", name="Dora")

    done = client.post("/accounts/login/code/", {"code": ask_for_code("made-at-the-desk@example.org")})

    assert done["Location"] == "/my/"
    assert signed_in(client) == user


def test_nobody_signs_up_without_a_proven_mailbox(client: Client, ask_for_code: AskForCode) -> None:
    ask_for_code("new@example.org")

    answer = client.post("/accounts/signup/?next=/slots/7/", {"name": "Nora", "email": "new@example.org"})

    assert answer["Location"] == "/accounts/login/?next=%2Fslots%2F7%2F"
    assert not User.objects.exists()


def test_a_proof_is_good_for_half_an_hour(
    client: Client, ask_for_code: AskForCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    moment = clock.now() + timedelta(minutes=31)
    monkeypatch.setattr(clock, "now", lambda: moment)

    client.post("/accounts/signup/", {"name": "Nora"})

    assert not User.objects.exists()


def test_signing_up_ignores_fields_that_it_did_not_ask_for(client: Client, ask_for_code: AskForCode) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})

    client.post(
        "/accounts/signup/",
        {
            "name": "Nora",
            "email": "boss@example.org",
            "is_staff": "on",
            "is_superuser": "on",
            "role": "manager",
            "groups": "1",
            "password": "x",
        },
    )

    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser, user.roles) == ("new@example.org", False, False, {"patient"})
    assert not user.has_usable_password()


@pytest.mark.parametrize("name", ["", " ", "Two\nlines", "Nul\x00", "Right\u202eleft", "x" * 151, "x" * 1_000_000])
def test_signing_up_refuses_a_name_that_is_none(client: Client, ask_for_code: AskForCode, name: str) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})

    answer = client.post("/accounts/signup/", {"name": name})

    assert "Please check this first" in answer.content.decode()
    assert not User.objects.exists()


def test_signing_up_in_two_windows_opens_one_account(client: Client, ask_for_code: AskForCode) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    UserFactory(email="new@example.org", name="Opened in the other window")

    client.post("/accounts/signup/", {"name": "Nora"})

    assert signed_in(client) == User.objects.get()


def test_signing_out_takes_a_click_and_a_link_does_nothing(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)

    client.get("/accounts/logout/")
    still = signed_in(client)
    out = client.post("/accounts/logout/")

    assert still == user
    assert out["Location"] == "/"
    assert signed_in(client) is None


@pytest.mark.parametrize(
    "page", ["login/", "login/code/", "login/password/", "signup/", "inactive/", "logout/", "email/"]
)
def test_looking_at_a_page_writes_nothing(client: Client, ask_for_code: AskForCode, page: str) -> None:
    ask_for_code("new@example.org")

    with CaptureQueriesContext(connection) as queries:
        client.get(f"/accounts/{page}")

    assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]


def test_a_patient_without_account_stays_one(ask_for_code: AskForCode, client: Client) -> None:
    """The desk's card index is not taken over by somebody who signs up under the same name."""
    Patient.objects.create(name="Nora New", phone="030 1234567")

    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    client.post("/accounts/signup/", {"name": "Nora New", "phone": "030 1234567"})

    assert Patient.objects.filter(account=None).count() == 1


@pytest.mark.parametrize(
    ("held", "is_superuser", "home"),
    [
        ([], True, "/manage/"),
        ([roles.MANAGER, roles.INSTRUCTOR], False, "/manage/"),
        ([roles.FRONT_DESK, roles.INSTRUCTOR], False, "/desk/"),
        ([roles.INSTRUCTOR, roles.PATIENT], False, "/teach/"),
        ([roles.PATIENT], False, "/my/"),
    ],
)
def test_everybody_begins_at_their_own_place(
    client: Client, mails: Mails, held: list[str], is_superuser: bool, home: str
) -> None:
    user = UserFactory(email="ida@example.org", is_superuser=is_superuser)
    roles.set_roles(user, held)

    client.post("/accounts/login/", {"email": user.email})
    done = client.post("/accounts/login/code/", {"code": mails.last_code})

    assert done["Location"] == home


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/login/code/"])
def test_the_one_field_of_a_page_has_the_focus(client: Client, mails: Mails, page: str) -> None:
    client.post("/accounts/login/", {"email": "ida@example.org"})

    assert client.get(page).content.decode().count(" autofocus") == 1


def test_a_page_with_several_fields_leaves_the_focus_at_its_top(client: Client, ask_for_code: AskForCode) -> None:
    client.post(CODE_PAGE, {"code": ask_for_code("nora@example.org")})

    pages = [client.get(page).content.decode() for page in ("/accounts/signup/", "/accounts/login/password/")]

    assert "Your name" in pages[0]
    assert [page.count(" autofocus") for page in pages] == [0, 0]
