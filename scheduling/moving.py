"""Moving a class in the calendar: what the browser sends, and whom it would concern."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from scheduling.calendar import wall
from scheduling.forms import RevisionField, WhichOfTwoField
from scheduling.models import Slot
from scheduling.operations import (
    LEAST_MINUTES,
    MOST_MINUTES,
    ChangedMeanwhile,
    Scope,
    Wanted,
    affected_slots,
    change_slots,
)

NO_TIME = _("Please choose a day and a time.")
NO_LENGTH = format_lazy(_("A class lasts {least} to {most} minutes."), least=LEAST_MINUTES, most=MOST_MINUTES)


class MoveForm(forms.Form):
    """A wall time of the clinic, a length, the revision that was seen; and, once asked, what was answered.

    Asked is which of two equal wall times is meant (`fold`), and the scope with how many people are told.
    """

    day = forms.DateField(input_formats=["%Y-%m-%d"], error_messages={"required": NO_TIME, "invalid": NO_TIME})
    wall_time = forms.TimeField(input_formats=["%H:%M"], error_messages={"required": NO_TIME, "invalid": NO_TIME})
    minutes = forms.IntegerField(
        min_value=LEAST_MINUTES,
        max_value=MOST_MINUTES,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NO_LENGTH),
    )
    revision = RevisionField()
    fold = WhichOfTwoField()
    scope = forms.TypedChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope], coerce=Scope, required=False, empty_value=None
    )

    def sentence(self) -> str:
        """Why it was not understood."""
        return " ".join(dict.fromkeys(str(error) for errors in self.errors.values() for error in errors))

    def wanted(self, slot: Slot) -> Wanted:
        """How `slot` shall be. Raises NonexistentWallTime, or AmbiguousWallTime unless `fold` says which one."""
        values = self.cleaned_data
        day, time, fold = values["day"], values["wall_time"], values["fold"]
        # Who only resizes keeps the instant, also where its wall time happens twice.
        is_where_it_was = datetime.combine(day, time) == wall(slot.starts_at)
        starts_at = slot.starts_at if is_where_it_was else clock.instant_of(day, time, fold=fold)
        return Wanted.like(slot, starts_at=starts_at, minutes=values["minutes"], fold=fold)

    def told(self, scope: Scope) -> int:
        """How many people whoever moves it was shown as being told."""
        shown: Any = self.data.get(f"told-{scope}", "0")
        return int(shown) if shown.isdecimal() and len(shown) < 9 else 0


@dataclass(frozen=True)
class Reach:
    """What moving a class in one scope concerns: so many classes, and so many people who are told."""

    scope: Scope
    classes: int
    people: int


def reaches(slot: Slot, by: User) -> list[Reach]:
    """The scopes in which `by` can move `slot`, the smallest first."""
    scopes = list(Scope) if slot.series and slot.series.may_be_planned_by(by) else [Scope.THIS]
    return [_reach(slot, scope) for scope in scopes]


def must_ask(slot: Slot, form: MoveForm, by: User) -> list[Reach]:
    """The scopes to choose from, while nobody has chosen one knowing how many people are told; else nothing."""
    options = reaches(slot, by)
    chosen = form.cleaned_data["scope"]
    if chosen is None:
        return options if len(options) > 1 or options[0].people else []
    known = any(option.scope is chosen and option.people <= form.told(chosen) for option in options)
    return [] if known else options


def check_move(slot: Slot, wanted: Wanted, *, revision: int, by: User) -> None:
    """Find out before anybody is asked whether a single class can move. Raises what `change_slots` raises.

    Of a series, other classes may move out of the way, so only the revision is looked at.
    """
    if slot.revision != revision:
        raise ChangedMeanwhile()
    if slot.series_id is None:
        with transaction.atomic():
            change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=revision, by=by)
            transaction.set_rollback(True)


def people_told(slots: list[Slot]) -> int:
    """How many places of published classes are taken."""
    return sum(slot.taken for slot in slots if slot.is_published)


def _reach(slot: Slot, scope: Scope) -> Reach:
    slots = {each.pk: each for each in affected_slots(slot=slot, scope=scope)} | {slot.pk: slot}
    return Reach(scope, len(slots), people_told(list(slots.values())))
