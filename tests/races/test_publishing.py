"""Two publish the drafts of a week at once, or one cancels meanwhile: each class is published once or not at all."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from scheduling.models import Slot, SlotChange
from scheduling.operations import Publication, Scope, cancel_slots, publish_slots, slots
from tests.factories import SlotFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def three_drafts() -> list[Slot]:
    first = SlotFactory(state=Slot.State.DRAFT)
    times = [first.starts_at + timedelta(hours=hours) for hours in (2, 4)]
    return [first, *(SlotFactory(state=Slot.State.DRAFT, starts_at=starts_at) for starts_at in times)]


def published_by_two(drafts: list[Slot]) -> list[list[Publication]]:
    """What those of the two are told who get through; the second comes when the first has not committed yet."""
    told: list[list[Publication]] = []
    pause = Pause()

    def publish(each: Iterable[Slot]) -> None:
        told.append(publish_slots(slots=each, seen={}, by=None))

    ends = all_at_once(
        [pause.before_commit(lambda: publish(drafts)), pause.then(lambda: publish(reversed(drafts)))],
    )
    assert ends.total() == 2 and ends["ok"] == len(told)
    return told


def dates_in(told: list[Publication]) -> list[object]:
    return [each.slot.published_at for each in told]


def test_two_who_publish_the_same_drafts_both_hear_that_they_are_published_which_happens_once() -> None:
    first, second = published_by_two(three_drafts())

    assert [each.problem for each in [*first, *second]] == [None] * 6
    assert dates_in(first) == dates_in(second)
    assert Slot.objects.published().count() == 3


def test_control_without_the_locks_the_second_would_publish_again_but_for_its_constraint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "lock_for_planning", lambda *_rows: None)
    monkeypatch.setattr(slots, "locked_slots", lambda keys: list(Slot.objects.with_details().filter(pk__in=list(keys))))

    told = published_by_two(three_drafts())

    assert len(told) == 1
    assert SlotChange.objects.count() == 3


def test_a_draft_that_is_cancelled_while_its_week_is_published_stays_cancelled_and_the_others_are_published() -> None:
    drafts = three_drafts()
    told: list[Publication] = []
    pause = Pause()

    def cancel() -> None:
        cancel_slots(slot=drafts[1], scope=Scope.THIS, reason="", revision=0, by=None)

    ends = all_at_once(
        [pause.before_commit(cancel), pause.then(lambda: told.extend(publish_slots(slots=drafts, seen={}, by=None)))]
    )

    assert ends == {"ok": 2}
    assert [each.problem and each.problem.code for each in told] == [None, "not_a_draft", None]
    assert list(Slot.objects.order_by("starts_at").values_list("state", flat=True)) == [
        "published",
        "cancelled",
        "published",
    ]
