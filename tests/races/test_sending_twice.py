"""A double click sends a form twice at the same moment: the second waits for the first, and gets its answer."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.idempotency import Answer, answer_once
from accounts.models import User
from tests.factories import UserFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def sent_by_two(account: User, *, waits: bool) -> tuple[dict[str, int], list[bool], int]:
    """How both ended, which of them was told of the other's effect, and how many effects there were."""
    effects: list[int] = []
    told: list[bool] = []
    pause = Pause()

    def effect() -> Answer:
        effects.append(1)
        return Answer(302, {"words": "Planned."}, "/teach/")

    def send(effect: Callable[[], Answer]) -> None:
        told.append(answer_once(account=account, key="form", asked={}, effect=effect, waits=waits).is_repeat)

    ends = all_at_once([partial(send, pause.after(effect)), pause.then(partial(send, effect))])
    return dict(ends), told, len(effects)


def test_the_second_send_waits_and_is_told_what_the_first_has_done() -> None:
    assert sent_by_two(UserFactory(), waits=True) == ({"ok": 2}, [False, True], 1)


def test_control_without_waiting_it_is_refused() -> None:
    assert sent_by_two(UserFactory(), waits=False) == ({"ok": 1, "request_in_progress": 1}, [False], 1)
