"""The message log: who may read it, what it shows, and that it stays fast."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from cryptography.fernet import Fernet
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from accounts.encryption import encrypt
from accounts.models import User
from accounts.roles import assign_role
from accounts.signals import account_mail_due
from booking.models import Booking
from booking.signals import booking_confirmed
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages, deliver_message
from notifications.views import log
from tests.factories import BookingFactory, MessageFactory, UserFactory
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db

State = Message.State
LOG = "/desk/messages/"


@pytest.fixture
def as_role(client: Client) -> Callable[[str], Client]:
    def sign_in(role: str) -> Client:
        user: User = UserFactory()
        assign_role(user, role)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def desk(as_role: Callable[[str], Client]) -> Client:
    return as_role(roles.FRONT_DESK)


def page_of(message: Message) -> str:
    return f"{LOG}{message.pk}/"


def shown(client: Client, query: str = "") -> list[int]:
    return [message.pk for message in client.get(f"{LOG}{query}").context["rows"]]


def found(client: Client, words: str) -> list[int]:
    """What the log shows to whom looks for these words."""
    page = client.post(LOG, {"q": words}, follow=True)
    return [message.pk for message in page.context["rows"]]


class TestWhoMayRead:
    @pytest.mark.parametrize("role", [roles.FRONT_DESK, roles.MANAGER])
    def test_desk_and_manager_read_the_log(self, as_role: Callable[[str], Client], role: str) -> None:
        message = MessageFactory(state=State.SENT, text="Hello Anna", html="<p>Hello Anna</p>")
        client = as_role(role)

        answers = {path: client.get(path) for path in (LOG, page_of(message), f"{page_of(message)}html/")}

        assert all(answer.status_code == 200 for answer in answers.values())
        assert message.email in answers[LOG].content.decode()
        assert "Hello Anna" in answers[page_of(message)].content.decode()

    @pytest.mark.parametrize("role", [roles.PATIENT, roles.INSTRUCTOR])
    @pytest.mark.parametrize("path", ["", "{pk}/", "{pk}/html/"])
    def test_others_are_refused_even_their_own_message(
        self, as_role: Callable[[str], Client], role: str, path: str
    ) -> None:
        message = MessageFactory(state=State.SENT, subject="A subject", text="Hello Anna")
        answer = as_role(role).get(LOG + path.format(pk=message.pk))

        assert answer.status_code == 403
        assert message.email not in answer.content.decode()
        assert "Hello Anna" not in answer.content.decode()

    def test_others_cannot_send_again(self, as_role: Callable[[str], Client]) -> None:
        message = MessageFactory(state=State.FAILED)

        answer = as_role(roles.INSTRUCTOR).post(f"{page_of(message)}retry/")

        message.refresh_from_db()
        assert (answer.status_code, message.state) == (403, State.FAILED)

    def test_a_visitor_signs_in_first(self, client: Client) -> None:
        answer = client.get(LOG)

        assert answer["Location"] == "/accounts/login/?next=/desk/messages/"


class TestList:
    def test_newest_first_in_pages_that_begin_at_a_key(self, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log, "PER_PAGE", 2)
        first, second, third = MessageFactory.create_batch(3)

        page = desk.get(LOG)

        assert [message.pk for message in page.context["rows"]] == [third.pk, second.pk]
        assert f'href="?before={second.pk}"' in page.content.decode()
        assert shown(desk, f"?before={second.pk}") == [first.pk]

    def test_filters_by_state_and_kind(self, desk: Client) -> None:
        sent = MessageFactory(state=State.SENT)
        failed = MessageFactory(state=State.FAILED)
        reminder = MessageFactory(kind=Kind.CLASS_REMINDER)

        assert shown(desk, "?state=sent") == [sent.pk]
        assert shown(desk, "?state=failed&kind=booking_confirmed") == [failed.pk]
        assert shown(desk, "?kind=class_reminder") == [reminder.pk]
        assert shown(desk, "?kind=class_reminder&state=sent") == []

    def test_finds_the_beginning_of_an_address_and_a_reference_in_any_spelling(self, desk: Client) -> None:
        wanted = MessageFactory(booking__patient__account__email="anna@example.org")
        MessageFactory(booking__patient__account__email="joanna@example.org")
        reference = wanted.booking.order.reference

        assert found(desk, "Anna@") == [wanted.pk]
        assert found(desk, reference) == [wanted.pk]
        assert found(desk, f" {reference.replace('-', ' ').lower()} ") == [wanted.pk]
        assert found(desk, "%nna") == []

    def test_what_is_looked_for_is_in_the_address_of_no_page(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log, "PER_PAGE", 2)
        booking = BookingFactory(patient__account__email="anna@example.org")
        first, second, third = (MessageFactory(booking=booking, kind=kind) for kind in list(Kind)[:3])
        MessageFactory(booking=booking, kind=Kind.PAID_TWICE, state=State.FAILED)

        answer = desk.post(LOG, {"q": "anna@example", "state": "queued"})
        page = desk.get(answer["Location"])
        (older,) = re.findall(r'href="(\?[^"]+before=[^"]+)"', page.content.decode())

        assert answer.status_code == 303
        assert [message.pk for message in page.context["rows"]] == [third.pk, second.pk]
        assert 'value="anna@example"' in page.content.decode()
        assert shown(desk, unescape(older)) == [first.pk]
        assert [text for text in (answer["Location"], older) if "anna" in text or "example" in text] == []

    def test_a_message_leads_to_the_others_of_its_booking(self, desk: Client) -> None:
        booking = BookingFactory()
        one, other = (MessageFactory(booking=booking, kind=kind) for kind in list(Kind)[:2])
        MessageFactory()

        page = desk.get(page_of(one)).content.decode()
        (others,) = re.findall(r'href="(/desk/messages/\?sought=[^"]+)"', page)

        assert [message.pk for message in desk.get(unescape(others)).context["rows"]] == [other.pk, one.pk]

    @pytest.mark.parametrize("sealed", ["damaged", "ä", encrypt("a code that waits in the database")])
    def test_what_this_page_did_not_seal_it_does_not_open(self, desk: Client, sealed: str) -> None:
        answer = desk.get(LOG, {"sought": sealed})

        assert answer.status_code == 404
        assert "a code" not in answer.content.decode()

    def test_nonsense_that_is_looked_for_is_said_and_finds_nothing(self, desk: Client) -> None:
        MessageFactory()

        answer = desk.post(LOG, {"q": "\0"})

        assert (answer.status_code, answer.context["rows"]) == (200, [])
        assert "Nothing is shown until that is right." in answer.content.decode()

    @pytest.mark.parametrize("query", ["?state=lost", "?kind=%00", "?before=-1", "?before=9999999999999999999"])
    def test_nonsense_in_the_address_is_said_and_finds_nothing(self, desk: Client, query: str) -> None:
        MessageFactory()

        answer = desk.get(f"{LOG}{query}")

        assert (answer.status_code, answer.context["rows"]) == (200, [])
        assert "Nothing is shown until that is right." in answer.content.decode()

    @pytest.mark.parametrize("rows", [1, 3])
    def test_the_number_of_queries_does_not_grow(
        self, desk: Client, django_assert_num_queries: DjangoAssertNumQueries, rows: int
    ) -> None:
        MessageFactory.create_batch(rows)

        with django_assert_num_queries(6):  # session, user, permissions, roles, messages
            page = desk.get(LOG)

        assert len(page.context["rows"]) == rows


class TestMessage:
    def test_shows_the_message_as_it_was_sent(self, desk: Client, mail_server: MailServer) -> None:
        booking = BookingFactory()
        booking_confirmed.send(sender=Booking, booking=booking)
        deliver_due_messages()
        message = Message.objects.get(kind=Kind.BOOKING_CONFIRMED)

        page = desk.get(page_of(message)).content.decode()

        assert "As it was sent" in page
        assert message.subject in page
        details = page[page.index("<details") : page.index("</details>")]
        assert "Technical details" in details
        assert message.message_id.strip("<>") in details
        assert page.count("Times are Berlin time.") == 1
        assert booking.order.reference in page
        assert f'src="{page_of(message)}html/"' in page

    def test_the_html_is_served_for_a_frame_in_which_nothing_runs(self, desk: Client) -> None:
        message = MessageFactory(state=State.SENT, text="Hello", html="<p>Hello</p><script>alert(1)</script>")

        answer = desk.get(f"{page_of(message)}html/")

        assert answer.content.decode() == message.html
        assert answer["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'self'; sandbox"
        )
        assert answer["X-Frame-Options"] == "SAMEORIGIN"

    def test_a_waiting_message_shows_what_would_be_sent(self, desk: Client) -> None:
        message = MessageFactory(kind=Kind.CLASS_REMINDER)

        page = desk.get(page_of(message)).content.decode()

        assert "As it would be sent now" in page
        assert f"Reminder: {message.booking.slot.class_type.name}" in page
        assert "As things stand, this message will not be sent" in page  # its occasion is another start
        assert "The class was moved; another message names the new time." in page

    def test_a_waiting_code_is_never_shown(self, desk: Client) -> None:
        context = {"code": "123 456", "minutes": 10}
        account_mail_due.send(sender=None, kind="login_code", recipient=None, email="anna@example.org", context=context)
        message = Message.objects.get()

        pages = [desk.get(path).content.decode() for path in (LOG, page_of(message), f"{page_of(message)}html/")]

        assert all("123 456" not in page for page in pages)
        assert "••• ••• is your" in pages[1]
        assert "••• •••" in pages[2]

    def test_a_waiting_message_whose_key_is_gone_says_so(self, desk: Client) -> None:
        sealed = Fernet(Fernet.generate_key()).encrypt(b'{"code": "123 456", "minutes": 10}').decode()
        message = MessageFactory(
            booking=None, kind=Kind.LOGIN_CODE, recipient=None, email="anna@example.org", secret=sealed
        )

        page = desk.get(page_of(message))

        assert page.status_code == 200
        assert page.content.decode().count("What this message says can no longer be read") == 1
        assert "iframe" not in page.content.decode()
        assert desk.get(f"{page_of(message)}html/").status_code == 404
        assert shown(desk) == [message.pk]

    def test_says_why_a_message_was_not_sent(self, desk: Client) -> None:
        message = MessageFactory(state=State.VOID, void_reason=Message.VoidReason.CLASS_BEGAN)

        assert "This message was not sent. The class had begun." in " ".join(
            desk.get(page_of(message)).content.decode().split()
        )

    def test_names_the_phone_of_whom_no_mail_can_reach(self, desk: Client) -> None:
        booking = BookingFactory(patient__phone="030 1234567")
        message = MessageFactory(
            booking=booking, recipient=None, state=State.VOID, void_reason=Message.VoidReason.NO_ADDRESS
        )

        assert 'href="tel:0301234567"' in desk.get(page_of(message)).content.decode()

    @pytest.mark.parametrize("pk", [1, 2**63 - 1, 2**70])
    def test_an_unknown_message_is_not_found(self, desk: Client, pk: int) -> None:
        assert desk.get(f"{LOG}{pk}/").status_code == 404

    def test_the_address_of_the_button_leads_to_the_message(self, desk: Client) -> None:
        message = MessageFactory(state=State.FAILED)

        answer = desk.get(f"{page_of(message)}retry/")

        assert (answer.status_code, answer["Location"]) == (302, page_of(message))

    def test_looking_at_messages_changes_nothing(self, desk: Client) -> None:
        messages = [MessageFactory(state=state) for state in State]
        before = list(Message.objects.order_by("pk").values())

        for path in (LOG, *(page_of(message) + part for message in messages for part in ("", "html/", "retry/"))):
            desk.get(path)
            desk.head(path)

        assert list(Message.objects.order_by("pk").values()) == before


class TestRetry:
    def test_a_refused_message_goes_to_the_corrected_address(self, desk: Client, mail_server: MailServer) -> None:
        message = MessageFactory(booking__patient__account__email="wrong@example.org")
        mail_server.answers["wrong@example.org"] = "550 No such mailbox"
        deliver_message(message_id=message.pk)
        User.objects.filter(email="wrong@example.org").update(email="right@example.org")

        answer = desk.post(f"{page_of(message)}retry/")
        deliver_due_messages()

        message.refresh_from_db()
        assert (answer.status_code, answer["Location"]) == (303, page_of(message))
        assert (message.state, message.error, mail_server.addresses) == (State.SENT, "", ["right@example.org"])

    @pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.VOID])
    def test_only_what_failed_is_sent_again(self, desk: Client, state: Message.State) -> None:
        message = MessageFactory(state=state)

        answer = desk.post(f"{page_of(message)}retry/")

        message.refresh_from_db()
        assert (message.state, message.attempts) == (state, 0)
        assert [str(said) for said in get_messages(answer.wsgi_request)] == [
            "This message cannot be sent again. Only messages about a class that failed can."
        ]

    def test_a_code_is_never_sent_again(self, desk: Client) -> None:
        message = MessageFactory(
            booking=None, kind=Kind.LOGIN_CODE, recipient=None, email="a@example.org", state=State.FAILED
        )

        page = desk.get(page_of(message)).content.decode()
        desk.post(f"{page_of(message)}retry/")

        message.refresh_from_db()
        assert message.state == State.FAILED
        assert "Send again" not in page
