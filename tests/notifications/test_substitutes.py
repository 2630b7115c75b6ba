"""Messages between colleagues about a substitute: what they say, and when they are no longer sent."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.conf import settings

from core import clock
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages, retry_message
from scheduling import operations
from scheduling.models import Instructor, Slot, SubstituteRequest
from tests.factories import (
    BookingFactory,
    InstructorFactory,
    PatientFactory,
    SlotFactory,
    UserFactory,
)
from tests.notifications.conftest import StandAt
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db

PATIENT = "Wilhelmine Patient"
Reason = Message.VoidReason


@pytest.fixture
def helena(db: None) -> Instructor:
    return InstructorFactory(user__name="Helena", user__email="helena@example.org")


@pytest.fixture
def wanted(helena: Instructor) -> SubstituteRequest:
    """Asha looks for a substitute for a class that a patient without an address has booked; Helena is asked."""
    slot = SlotFactory(
        instructor__user__name="Asha",
        instructor__user__email="asha@example.org",
        class_type__name="Chair Yoga",
        starts_at=clock.now() + timedelta(days=5),
    )
    BookingFactory(
        slot=slot,
        patient=PatientFactory(name=PATIENT, account=None, is_account_holder=False, phone="030 5550100"),
        booked_by=UserFactory(),
        order=None,
    )
    return operations.ask_for_substitute(slot=slot, by=slot.instructor.user)


def accept(request: SubstituteRequest, instructor: Instructor) -> None:
    revision = Slot.objects.get(pk=request.slot_id).revision
    operations.accept_substitution(request=request, instructor=instructor, revision=revision, by=instructor.user)


def change(slot: Slot, **changes: object) -> None:
    slot = Slot.objects.with_details().get(pk=slot.pk)
    wanted = operations.Wanted.like(slot, **changes)
    operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=slot.revision, by=None)


def texts_of(mail: EmailMessage) -> list[str]:
    return [" ".join(part.get_content().split()) for part in mail.walk() if part.get_content_maintype() == "text"]


def sent_to(mail_server: MailServer, address: str) -> list[EmailMessage]:
    deliver_due_messages()
    return [mail for mail in mail_server.mails if mail["To"] == address]


def test_a_colleague_is_asked_with_day_place_and_a_link_to_the_page(
    wanted: SubstituteRequest, mail_server: MailServer
) -> None:
    [mail] = sent_to(mail_server, "helena@example.org")

    slot = wanted.slot
    assert mail["Subject"] == f"Can you take over Chair Yoga, {clock.format_when(slot.starts_at)}?"
    assert len(texts_of(mail)) == 2
    for text in texts_of(mail):
        assert "Hello Helena," in text
        assert "Asha cannot teach this class" in text
        assert str(slot.room) in text
        assert f"{settings.SITE_URL}/teach/substitutes/{wanted.pk}/" in text
        assert PATIENT not in text
    assert "List-Unsubscribe" not in mail


def test_both_are_told_when_somebody_is_found(
    wanted: SubstituteRequest, helena: Instructor, mail_server: MailServer
) -> None:
    accept(wanted, helena)

    [to_asha] = sent_to(mail_server, "asha@example.org")
    [to_helena] = sent_to(mail_server, "helena@example.org")
    assert to_asha["Subject"].startswith("Substitute found: Chair Yoga, ")
    assert to_helena["Subject"].startswith("You teach Chair Yoga, ")
    for text in texts_of(to_asha):
        assert "Helena teaches this class instead of Asha." in text
        assert PATIENT not in text
    for text in texts_of(to_helena):
        assert "you teach this class instead of Asha." in text
        assert f"{settings.SITE_URL}/teach/slots/{wanted.slot_id}/" in text
        assert PATIENT not in text


def test_who_did_it_is_not_told_of_it(wanted: SubstituteRequest, helena: Instructor) -> None:
    """A manager who assigns knows; the instructor who asked does not yet."""
    manager = UserFactory()

    operations.assign_substitute(slot=wanted.slot, instructor=helena, revision=0, by=manager)

    found = Message.objects.filter(kind=Kind.SUBSTITUTE_FOUND)
    assert [message.recipient for message in found] == [wanted.instead_of.user]


def filled(request: SubstituteRequest) -> None:
    accept(request, InstructorFactory())


def withdrawn(request: SubstituteRequest) -> None:
    operations.withdraw_request(request=request)


def given_to_another(request: SubstituteRequest) -> None:
    change(request.slot, instructor=InstructorFactory())


def cancelled(request: SubstituteRequest) -> None:
    operations.cancel_slots(slot=request.slot, scope=operations.Scope.THIS, reason="Burst pipe", revision=0, by=None)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (filled, Reason.SETTLED),
        (withdrawn, Reason.SETTLED),
        (given_to_another, Reason.SETTLED),
        (cancelled, Reason.CLASS_CANCELLED),
    ],
)
def test_nobody_is_asked_for_what_is_settled(
    happens: Callable[[SubstituteRequest], None],
    reason: Message.VoidReason,
    wanted: SubstituteRequest,
    mail_server: MailServer,
) -> None:
    happens(wanted)

    assert sent_to(mail_server, "helena@example.org") == []
    message = Message.objects.get(kind=Kind.SUBSTITUTE_WANTED, recipient__name="Helena")
    assert (message.state, message.void_reason) == (Message.State.VOID, reason)


def test_who_was_not_asked_while_the_request_was_withdrawn_is_asked_once_it_is_open_again(
    wanted: SubstituteRequest, mail_server: MailServer
) -> None:
    withdrawn(wanted)
    while_withdrawn = sent_to(mail_server, "helena@example.org")

    for _time in range(2):
        again = operations.ask_for_substitute(slot=wanted.slot, by=wanted.asked_by)
        mails = sent_to(mail_server, "helena@example.org")
        withdrawn(again)

    assert (while_withdrawn, again.pk, len(mails)) == ([], wanted.pk, 1)


def test_nobody_is_asked_once_the_class_has_begun(
    wanted: SubstituteRequest, mail_server: MailServer, stand_at: StandAt
) -> None:
    stand_at(wanted.slot.starts_at)

    assert sent_to(mail_server, "helena@example.org") == []
    assert Message.objects.get(kind=Kind.SUBSTITUTE_WANTED).void_reason == Reason.CLASS_BEGAN


def test_a_teacher_who_was_replaced_again_is_not_told_to_teach(
    wanted: SubstituteRequest, helena: Instructor, mail_server: MailServer
) -> None:
    accept(wanted, helena)
    given_to_another(wanted)

    assert sent_to(mail_server, "helena@example.org") == []
    assert Message.objects.get(kind=Kind.CLASS_TAKEN_OVER).void_reason == Reason.SETTLED


def test_it_goes_to_the_address_that_the_account_has_today_and_to_none_that_is_closed(
    wanted: SubstituteRequest, helena: Instructor, mail_server: MailServer
) -> None:
    helena.user.email = "new@example.org"
    helena.user.save()
    other = InstructorFactory(user__email="gone@example.org", user__is_active=False)
    operations.withdraw_request(request=wanted)
    operations.ask_for_substitute(slot=wanted.slot, by=wanted.asked_by)

    assert len(sent_to(mail_server, "new@example.org")) == 1
    assert sent_to(mail_server, "gone@example.org") == []
    assert Message.objects.get(recipient=other.user).void_reason == Reason.NO_ADDRESS


def test_what_failed_can_be_sent_again(wanted: SubstituteRequest, mail_server: MailServer) -> None:
    message = Message.objects.get(kind=Kind.SUBSTITUTE_WANTED)
    Message.objects.update(state=Message.State.FAILED)
    message.refresh_from_db()

    retry_message(message=message, by=UserFactory())

    assert len(sent_to(mail_server, "helena@example.org")) == 1
