"""The form in which a class is planned: wall times, figures from the class type, money as it is typed."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from core.errors import DomainError
from scheduling.forms import MoneyField, SlotForm
from scheduling.models import Instructor, Slot
from scheduling.operations import InstructorIsTeaching, NotADraft, RoomIsTaken, RoomTooSmall, SlotInThePast
from tests.factories import ClassTypeFactory, RoomFactory, SlotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def typed() -> dict[str, Any]:
    """What somebody typed: Gentle Back Care on Tuesday 24 November at 18:00, all else as the class type."""
    return {
        "class_type": ClassTypeFactory(name="Gentle Back Care", minutes=75, capacity=6, price=1850).pk,
        "room": RoomFactory(size=12).pk,
        "day": "2026-11-24",
        "wall_time": "18:00",
    }


def form_of(instructor: Instructor, typed: dict[str, Any], **changes: Any) -> SlotForm:
    return SlotForm(typed | changes, instructor=instructor)


def errors_of(form: SlotForm) -> dict[str, list[str]]:
    return {field: [str(error) for error in errors] for field, errors in form.errors.items()}


def test_figures_left_empty_are_those_of_the_class_type(instructor: Instructor, typed: dict[str, Any]) -> None:
    form = form_of(instructor, typed)

    assert form.is_valid()
    plan = form.plan()
    assert (plan["minutes"], plan["capacity"], plan["price"]) == (75, 6, 1850)
    assert plan["starts_at"] == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_figures_that_are_typed_count(instructor: Instructor, typed: dict[str, Any]) -> None:
    form = form_of(instructor, typed, minutes="45", capacity="4", price="12,50")

    assert form.is_valid()
    assert (form.plan()["minutes"], form.plan()["capacity"], form.plan()["price"]) == (45, 4, 1250)


def test_a_class_may_be_free(instructor: Instructor, typed: dict[str, Any]) -> None:
    form = form_of(instructor, typed, price="0")

    assert form.is_valid()
    assert form.plan()["price"] == 0


def test_29_a_wall_time_that_does_not_exist_is_refused_beside_the_time(
    instructor: Instructor, typed: dict[str, Any]
) -> None:
    form = form_of(instructor, typed, day="2027-03-28", wall_time="02:30")

    said = (
        "There is no 02:30 on Sunday 28 March 2027 in Berlin: the clocks jump over it that night. "
        "Please choose an earlier or later time."
    )
    assert errors_of(form) == {"wall_time": [said]}
    assert not form.asks_which


def test_30_a_wall_time_that_happens_twice_asks_which(instructor: Instructor, typed: dict[str, Any]) -> None:
    form = form_of(instructor, typed, day="2027-10-31", wall_time="02:30")

    said = (
        "02:30 on Sunday 31 October 2027 happens twice in Berlin, because the clocks are set back that night. "
        "Please say which one you mean."
    )
    assert errors_of(form) == {"fold": [said]}
    assert form.asks_which
    assert "The first 02:30, before the clocks are set back" in form["fold"].as_widget()
    assert "The second 02:30, after the clocks are set back" in form["fold"].as_widget()


@pytest.mark.parametrize(("fold", "hour"), [("0", 0), ("1", 1)])
def test_30_the_answer_chooses_the_instant(instructor: Instructor, typed: dict[str, Any], fold: str, hour: int) -> None:
    form = form_of(instructor, typed, day="2027-10-31", wall_time="02:30", fold=fold)

    assert form.is_valid()
    assert form.plan()["starts_at"] == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    assert form.asks_which  # the question stays while something else is corrected


def test_an_answer_to_a_question_that_no_longer_stands_does_no_harm(
    instructor: Instructor, typed: dict[str, Any]
) -> None:
    form = form_of(instructor, typed, fold="1")

    assert form.is_valid()
    assert form.plan()["starts_at"] == datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("day", "2026-11-22", "This time is over. Please choose one in the future."),
        ("day", "2028-11-23", "Please choose a day within the next two years."),
        ("day", "9999-12-31", "Please choose a day within the next two years."),
        ("day", "0001-01-01", "This time is over. Please choose one in the future."),
        ("day", "24.11.2026", "Please choose a day of the calendar."),
        ("day", "2026-11-24\x00", "Please choose a day of the calendar."),
        ("wall_time", "25:00", "Please write the time as hours and minutes, such as 18:30."),
        ("wall_time", "18:00:30", "Please write the time as hours and minutes, such as 18:30."),
        ("fold", "2", "Select a valid choice. 2 is not one of the available choices."),
        ("minutes", "4", "Please enter a number from 5 to 600."),
        ("minutes", "601", "Please enter a number from 5 to 600."),
        ("minutes", "-60", "Please enter a number from 5 to 600."),
        ("capacity", "0", "Please enter a number from 1 to 500."),
        ("capacity", "9" * 30, "Please enter a number from 1 to 500."),
        ("price", "-1", "Please write the amount in figures, such as 18,00."),
        ("price", "18 €", "Please write the amount in figures, such as 18,00."),
        ("price", "100000", "This price is too high. Please enter 10.000,00\N{NO-BREAK SPACE}€ at most."),
        ("price", "9" * 10, "This price is too high. Please enter 10.000,00\N{NO-BREAK SPACE}€ at most."),
        ("room", "x" * 1_000_000, "Please choose one from the list."),
        ("class_type", "", "Please choose what is taught."),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    instructor: Instructor, typed: dict[str, Any], field: str, value: str, error: str
) -> None:
    assert errors_of(form_of(instructor, typed, **{field: value})) == {field: [error]}


def test_a_class_type_no_longer_offered_cannot_be_chosen_but_a_draft_keeps_it(
    instructor: Instructor, typed: dict[str, Any]
) -> None:
    old = ClassTypeFactory(is_active=False)
    draft = SlotFactory(state=Slot.State.DRAFT, class_type=old, instructor=instructor)

    assert "class_type" in form_of(instructor, typed, class_type=old.pk).errors
    assert SlotForm(typed | {"class_type": old.pk}, slot=draft, instructor=instructor).is_valid()


def test_each_class_type_carries_its_figures_for_the_script(instructor: Instructor, typed: dict[str, Any]) -> None:
    assert 'data-minutes="75" data-capacity="6" data-price="18,50"' in SlotForm(instructor=instructor).as_p()


def test_a_draft_is_shown_as_it_was_saved(instructor: Instructor) -> None:
    draft = SlotFactory(state=Slot.State.DRAFT, starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC), price=1850)

    form = SlotForm(slot=draft, instructor=instructor)

    assert form["day"].value() == date(2026, 11, 24)
    assert form["wall_time"].value() == time(18)
    assert (form["minutes"].value(), form["capacity"].value(), form["price"].value()) == (60, 8, "18,50")


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        (RoomIsTaken(room="Hall", clash="Steady Core"), "room"),
        (RoomTooSmall(room="Hall", size=4), "capacity"),
        (InstructorIsTeaching(instructor="Asha", clash="Steady Core"), "wall_time"),
        (SlotInThePast(), "day"),
        (NotADraft(), "__all__"),
    ],
)
def test_the_domains_refusals_stand_beside_what_they_are_about(
    instructor: Instructor, typed: dict[str, Any], refusal: DomainError, field: str
) -> None:
    form = form_of(instructor, typed)
    assert form.is_valid()

    form.refuse(refusal)

    assert errors_of(form) == {field: [str(refusal)]}


def test_where_the_instructor_is_chosen_a_clash_stands_beside_the_choice(typed: dict[str, Any]) -> None:
    form = SlotForm(typed)
    form.is_valid()

    form.refuse(InstructorIsTeaching(instructor="Asha", clash="Steady Core"))

    assert "instructor" in form.errors


@pytest.mark.parametrize(("typed_price", "cents"), [("18", 1800), ("18.00", 1800), ("18,50", 1850), ("", None)])
def test_a_money_field_reads_what_is_typed(typed_price: str, cents: int | None) -> None:
    assert MoneyField(required=False).clean(typed_price) == cents


def test_a_money_field_shows_the_amount_and_knows_an_unchanged_one() -> None:
    field = MoneyField(currency="eur")

    assert field.prepare_value(1850) == "18,50"
    assert field.prepare_value("what was typed") == "what was typed"
    assert not field.has_changed(1850, "18.50")
    assert field.has_changed(1850, "18.51")


def test_a_money_field_is_required_unless_said_otherwise() -> None:
    with pytest.raises(ValidationError):
        MoneyField().clean(" ")
    assert issubclass(MoneyField, forms.Field)
