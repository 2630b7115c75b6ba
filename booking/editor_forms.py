"""The forms in which planned classes are changed and cancelled. Both are seen twice: typed, then checked and sent."""

import re
from collections.abc import Mapping
from copy import copy
from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from core.clock import AmbiguousWallTime
from core.errors import DomainError
from scheduling.forms import RevisionField, SlotForm
from scheduling.history import NAMED
from scheduling.models import Slot
from scheduling.operations import CannotShift, CapacityBelowTaken, Scope, Wanted

MOST_KEYS_WRITTEN = 8000  # characters: some hundreds of keys
KEYS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")


class ScopeField(forms.TypedChoiceField):
    """Which classes of the series are meant."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Which classes"),
            choices=lambda: [(scope.value, scope.label) for scope in Scope],
            coerce=Scope,
            initial=Scope.THIS,
            widget=forms.RadioSelect,
            error_messages={"required": _("Please say which classes you mean.")},
        )


class KeysField(forms.CharField):
    """Keys of slots, written as `17,19`; its value is a set of numbers."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=MOST_KEYS_WRITTEN)

    def clean(self, value: Any) -> frozenset[int]:
        written = super().clean(value)
        if written and not KEYS.fullmatch(written):
            raise ValidationError(_("These classes are not known. Please go back to the class and try again."))
        return frozenset(int(key) for key in written.split(",") if key)


class SeenFields(forms.Form):
    """What the editor has seen: `revision` of the slot, and on the second page `seen`, who and what is affected."""

    revision = RevisionField()
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def chosen_scope(self) -> Scope:
        return Scope(self.cleaned_data.get("scope") or Scope.THIS)


class ChangeForm(SlotForm, SeenFields):
    """How a planned class shall be, in which scope, and which classes stay. Only a manager says who teaches."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = SlotForm.REFUSED_BESIDE | {
        CannotShift: "day",
        CapacityBelowTaken: "capacity",
    }

    scope = ScopeField()
    leave_out = KeysField()

    def __init__(self, *args: Any, slot: Slot, by: User, **options: Any) -> None:
        chooses_instructor = has_role(by, MANAGER)
        super().__init__(*args, slot=slot, instructor=None if chooses_instructor else slot.instructor, **options)
        self.initial["revision"] = slot.revision
        self.slot = slot
        if slot.series is None or not slot.series.may_be_planned_by(by):
            del self.fields["scope"]

    @property
    def saves_at_once(self) -> bool:
        """Whether there is nothing to check: a draft concerns nobody, and no other class is asked about."""
        return self.slot.state == Slot.State.DRAFT and "scope" not in self.fields

    def wanted(self) -> Wanted:
        return Wanted(instructor=self.teacher(), fold=self.cleaned_data["fold"], **self.plan())

    def refuse(self, error: DomainError) -> None:
        """Also ask which of two equal times is meant, where a night of the series has two."""
        if isinstance(error, AmbiguousWallTime):
            self._ask_which(self.cleaned_data["wall_time"])
        super().refuse(error)

    def brought_up_to_date(self, before: dict[str, Any], *, by: User) -> "ChangeForm":
        """The form for the slot as it is now, with what was typed into this one, and the others' changes elsewhere.

        `before` are the values that were changed meanwhile, as they were when this form was opened: a field that still
        shows the old value was not touched, and takes over the new one.
        """
        old = _with_values(self.slot, before)
        was, now = (ChangeForm(slot=each, by=by) for each in (old, self.slot))
        data = _sent(self)
        for name, field in self.fields.items():
            old_value, new_value = was.initial.get(name), now.initial.get(name)
            if old_value != new_value and not field.has_changed(old_value, data.get(name)):
                data[name] = _as_typed(field.prepare_value(new_value))
        data["revision"], data["seen"] = str(self.slot.revision), ""
        return ChangeForm(data, slot=self.slot, by=by)

    def _find_instant(self, day: date, wall: time, fold: int | None) -> None:
        """Where neither day nor time was touched, the class begins exactly when it did."""
        start = clock.clinic_time(self.slot.starts_at)
        if (day, wall) == (start.date(), start.time().replace(second=0, microsecond=0)):
            self.cleaned_data["starts_at"] = self.slot.starts_at
        else:
            super()._find_instant(day, wall, fold)


class CancelForm(SeenFields):
    """Why a class is cancelled, and which ones."""

    scope = ScopeField()
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=200,
        help_text=_("Booked patients read this, so keep illnesses out of it. “The instructor cannot come” is enough."),
        error_messages={"max_length": _("Please keep it to %(limit_value)d characters; it has %(show_value)d.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, slot: Slot, by: User) -> None:
        super().__init__(data, initial={"revision": slot.revision})
        self.slot = slot
        if slot.series is None or not slot.series.may_be_planned_by(by):
            del self.fields["scope"]

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())

    def brought_up_to_date(self, *, by: User) -> "CancelForm":
        """The form for the slot as it is now, with what was typed into this one."""
        data = _sent(self)
        data["revision"], data["seen"] = str(self.slot.revision), ""
        return CancelForm(data, slot=self.slot, by=by)


def _sent(form: forms.Form) -> dict[str, Any]:
    """What was sent of the form's own fields."""
    return {name: form.data[name] for name in form.fields if name in form.data}


def _with_values(slot: Slot, before: dict[str, Any]) -> Slot:
    """An unsaved copy of `slot` with these recorded values."""
    old = copy(slot)
    for name, value in before.items():
        if name in NAMED:
            setattr(old, f"{name}_id", value)
        elif name in ("starts_at", "ends_at"):
            setattr(old, name, datetime.fromisoformat(value))
        elif name != "state":
            setattr(old, name, value)
    return old


def _as_typed(value: Any) -> str:
    """A value as a browser sends it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
