"""Each invariant's constraint, violated once. A constraint that nobody violates here fails the last test."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import ApiToken, GuessCount, IdempotencyKey, Patient, User
from booking.models import Booking, WaitingListEntry
from core import clock
from notifications.models import Kind, Message, Preference
from payments.models import (
    Membership,
    MembershipGrant,
    MembershipPlan,
    Order,
    Pass,
    PassEntry,
    PassType,
    Refund,
)
from scheduling.models import Closure, FeedToken, Slot, SlotChange, SubstituteRequest
from tests.factories import (
    BookingFactory,
    CertificateFactory,
    CheckoutSessionFactory,
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    MessageFactory,
    OrderFactory,
    PatientFactory,
    PaymentFactory,
    RefundFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    SubstituteRequestFactory,
    TimeOffFactory,
    UserFactory,
)

OURS = ["accounts", "scheduling", "payments", "booking", "notifications"]
DAY = timedelta(days=1)


def a_pass(**fields: Any) -> Pass:
    today = clock.clinic_today()
    pass_type = PassType.objects.create(name="Five", credits=5, valid_days=90, price=8000)
    defaults = {"account": UserFactory(), "pass_type": pass_type, "starts_on": today, "expires_on": today}
    return Pass.objects.create(**defaults | fields)


def a_membership(**fields: Any) -> Membership:
    plan, _is_new = MembershipPlan.objects.get_or_create(name="Monthly", allowance=4, price=5000)
    defaults = {"account": UserFactory(), "plan": plan, "stripe_subscription": f"sub_{Membership.objects.count()}"}
    return Membership.objects.create(**defaults | fields)


def a_grant(membership: Membership, **fields: Any) -> MembershipGrant:
    today = clock.clinic_today()
    defaults = {"starts_on": today, "ends_on": today + 30 * DAY, "allowance": 4}
    return MembershipGrant.objects.create(membership=membership, **defaults | fields)


def a_turn(entry: WaitingListEntry | None = None, **fields: Any) -> WaitingListEntry:
    people = {"slot": entry.slot, "patient": entry.patient} if entry else {"slot": SlotFactory()}
    return WaitingListEntry.objects.create(**{"patient": PatientFactory()} | people | fields if not entry else people)


def an_answer(account: User | None = None) -> IdempotencyKey:
    return IdempotencyKey.objects.create(account=account or UserFactory(), key="k", request="r", status=201, body="{}")


def a_token() -> ApiToken:
    return ApiToken.objects.create(user=UserFactory(), digest=ApiToken.digest_of("token"))


def a_preference(account: User | None = None) -> Preference:
    return Preference.objects.create(
        account=account or UserFactory(), kind=Kind.CLASS_REMINDER, wanted=False, changed_at=clock.now()
    )


def a_clash(*, same: str) -> None:
    first = SlotFactory()
    SlotFactory(**{same: getattr(first, same)}, starts_at=first.starts_at + timedelta(minutes=30))


def a_request(slot: Slot | None = None, **fields: Any) -> SubstituteRequest:
    slot = slot or SlotFactory()
    return SubstituteRequest.objects.create(slot=slot, instead_of=slot.instructor, asked_by=UserFactory(), **fields)


def a_stamped_slot(slot: Slot | None = None) -> Slot:
    series = slot.series if slot else SeriesFactory()
    return SlotFactory(series=series, series_day=clock.clinic_today())


def a_change(slot: Slot) -> SlotChange:
    return SlotChange.objects.create(slot=slot, revision=1)


def change(row: Any, **fields: Any) -> None:
    """Write past the model's own rules, as a faulty operation might."""
    type(row).objects.filter(pk=row.pk).update(**fields)


VIOLATIONS: dict[str, Callable[[], object]] = {
    "an_email_is_in_lower_case": lambda: change(UserFactory(), email="A@example.org"),
    "one_account_per_email": lambda: change(UserFactory(), email=UserFactory().email),
    "at_most_three_guesses_per_code": lambda: GuessCount.objects.create(attempt="a", guesses=4),
    "a_token_opens_one_account": lambda: a_token() and a_token(),
    "one_answer_per_account_and_key": lambda: an_answer(an_answer().account),
    "one_account_holder_per_account": lambda: PatientFactory(account=PatientFactory().account),
    "an_account_holder_has_an_account": lambda: change(PatientFactory(phone="1"), account=None),
    "a_patient_can_be_reached": lambda: Patient.objects.create(name="N"),
    "a_patient_has_a_name": lambda: change(PatientFactory(), name=""),
    "one_room_per_name_and_location": lambda: RoomFactory.create_batch(2, name="R", location=LocationFactory()),
    "a_room_holds_someone": lambda: change(RoomFactory(), size=0),
    "a_class_lasts_5_to_600_minutes": lambda: change(ClassTypeFactory(), minutes=601),
    "a_class_type_has_places": lambda: change(ClassTypeFactory(), capacity=0),
    "focus_areas_are_among_the_seven": lambda: change(ClassTypeFactory(), focus_areas=["tax-advice"]),
    "a_closure_ends_after_it_starts": lambda: Closure.objects.create(
        starts_at=clock.now(), ends_at=clock.now() - DAY, reason="-"
    ),
    "a_closure_names_a_location_or_a_room": lambda: Closure.objects.create(
        starts_at=clock.now(),
        ends_at=clock.now() + DAY,
        reason="-",
        room=RoomFactory(),
        location=LocationFactory(),
    ),
    "taken_never_exceeds_capacity": lambda: change(SlotFactory(), taken=F("capacity") + 1),
    "a_slot_has_places": lambda: change(SlotFactory(), capacity=0),
    "a_slot_ends_after_it_starts": lambda: change(SlotFactory(), ends_at=F("starts_at")),
    "a_draft_was_never_published": lambda: change(SlotFactory(), state=Slot.State.DRAFT),
    "a_published_slot_has_a_room_or_a_link": lambda: change(SlotFactory(), room=None),
    "a_cancelled_slot_knows_when": lambda: change(SlotFactory(), state=Slot.State.CANCELLED),
    "a_stamped_slot_knows_its_day": lambda: change(SlotFactory(), series=SeriesFactory()),
    "one_slot_per_series_and_day": lambda: a_stamped_slot(a_stamped_slot()),
    "a_series_lasts_5_to_600_minutes": lambda: change(SeriesFactory(), minutes=4),
    "a_series_has_places": lambda: change(SeriesFactory(), capacity=0),
    "a_series_ends_after_it_starts": lambda: change(SeriesFactory(), ends_on=clock.clinic_today()),
    "a_published_series_has_a_room_or_a_link": lambda: change(SeriesFactory(), room=None),
    "a_fold_is_0_or_1": lambda: change(SeriesFactory(), fold=2),
    "one_change_per_slot_and_revision": lambda: a_change(a_change(SlotFactory()).slot),
    "one_certificate_per_instructor_and_qualification": lambda: CertificateFactory.create_batch(
        2, instructor=InstructorFactory(), qualification=CertificateFactory().qualification
    ),
    "time_off_ends_after_it_starts": lambda: change(TimeOffFactory(), ends_at=F("starts_at")),
    "one_open_substitute_request_per_slot": lambda: a_request(a_request().slot),
    "a_filled_request_names_the_substitute": lambda: change(a_request(), state="filled", closed_at=clock.now()),
    "a_closed_request_knows_when": lambda: change(a_request(), state="withdrawn"),
    "a_feed_shows_an_instructor_or_a_location": lambda: FeedToken.objects.create(
        token_hash="0" * 64, created_by=UserFactory()
    ),
    "a_room_holds_one_class_at_a_time": lambda: a_clash(same="room"),
    "an_instructor_teaches_one_class_at_a_time": lambda: a_clash(same="instructor"),
    "a_paid_order_knows_when": lambda: change(OrderFactory(), state=Order.State.PAID),
    "never_refund_more_than_was_paid": lambda: change(PaymentFactory(), refunded=F("amount") + 1),
    "a_payment_is_more_than_nothing": lambda: change(PaymentFactory(), amount=0),
    "an_on_line_payment_names_its_intent": lambda: change(PaymentFactory(), payment_intent=None),
    "a_refund_is_more_than_nothing": lambda: Refund.objects.create(
        payment=PaymentFactory(), amount=0, reason="paid_twice", idempotency_key="0" * 32
    ),
    "a_sent_refund_knows_its_provider_id": lambda: Refund.objects.create(
        payment=PaymentFactory(), amount=1, reason="paid_twice", idempotency_key="0" * 32, state="succeeded"
    ),
    "one_try_of_a_refund_at_a_time": lambda: RefundFactory.create_batch(
        2, replaces=RefundFactory(state=Refund.State.FAILED)
    ),
    "one_live_checkout_per_order": lambda: CheckoutSessionFactory.create_batch(2, order=OrderFactory()),
    "an_open_checkout_knows_its_stripe_id": lambda: change(CheckoutSessionFactory(), stripe_id=None),
    "a_pass_type_has_credits": lambda: change(a_pass().pass_type, credits=0),
    "a_pass_is_valid_for_a_day": lambda: a_pass(expires_on=clock.clinic_today() - DAY),
    "pass_credits_never_below_zero": lambda: change(a_pass(), credits_left=F("credits_left") - 1),
    "a_pass_entry_changes_something": lambda: PassEntry.objects.create(bought_pass=a_pass(), change=0, reason="-"),
    "a_membership_allows_something": lambda: change(a_membership().plan, allowance=0),
    "one_running_membership_per_account": lambda: a_membership(account=a_membership().account),
    "one_grant_per_membership_and_period": lambda: a_grant(a_grant(a_membership()).membership),
    "never_use_more_than_was_granted": lambda: a_grant(a_membership(), used=5),
    "a_grant_ends_after_it_starts": lambda: a_grant(a_membership(), ends_on=clock.clinic_today()),
    "one_booking_per_order": lambda: BookingFactory(order=BookingFactory().order),
    "one_live_booking_per_patient_and_slot": lambda: BookingFactory.create_batch(
        2, patient=PatientFactory(), slot=SlotFactory()
    ),
    "a_hold_has_an_end_and_an_order": lambda: change(BookingFactory(), state=Booking.State.HELD),
    "a_confirmed_booking_knows_when": lambda: change(BookingFactory(), confirmed_at=None),
    "an_ended_booking_knows_when": lambda: change(BookingFactory(), state=Booking.State.CANCELLED),
    "one_turn_per_patient_and_slot": lambda: a_turn(a_turn()),
    "one_message_per_kind_booking_and_occasion": lambda: MessageFactory.create_batch(
        2, booking=BookingFactory(), occasion="once"
    ),
    "a_message_is_due_before_it_is_dropped": lambda: change(MessageFactory(), drop_after=F("due_at")),
    "a_sent_message_knows_what_when_and_where": lambda: change(MessageFactory(), state=Message.State.SENT),
    "a_void_message_says_why": lambda: change(MessageFactory(), state=Message.State.VOID),
    "a_secret_is_kept_only_until_it_is_sent": lambda: change(
        MessageFactory(), state=Message.State.FAILED, secret="123456"
    ),
    "a_message_is_about_one_thing": lambda: change(MessageFactory(), substitute_request=SubstituteRequestFactory()),
    "one_preference_per_account_and_kind": lambda: a_preference(a_preference().account),
    "an_offer_has_an_end": lambda: a_turn(state=WaitingListEntry.State.OFFERED),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        VIOLATIONS[name]()


def test_each_constraint_of_our_models_is_violated_above() -> None:
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]

    names = {constraint.name for model in models for constraint in model._meta.constraints}

    assert names == set(VIOLATIONS)
