"""A double click sends a form twice at the same moment: the second waits for the first, and gets its answer."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from accounts.idempotency import Answer, answer_once
from accounts.models import User
from tests.factories import UserFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def sent_by_two(account: User, *, waits: bool, patience: str = "3s") -> tuple[dict[str, int], list[bool], int]:
    """How both ended, which of them was told of the other's effect, and how many effects there were."""
    effects: list[int] = []
    told: list[bool] = []
    pause = Pause()

    def effect() -> Answer:
        effects.append(1)
        return Answer(302, {"words": "Planned."}, "/teach/")

    def send(effect: Callable[[], Answer]) -> None:
        told.append(answer_once(account=account, key="form", asked={}, effect=effect, waits=waits).is_repeat)

    def send_second() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
        send(effect)

    ends = all_at_once([partial(send, pause.after(effect)), pause.then(send_second)])
    return dict(ends), told, len(effects)


def test_the_second_send_waits_and_is_told_what_the_first_has_done() -> None:
    assert sent_by_two(UserFactory(), waits=True) == ({"ok": 2}, [False, True], 1)


def test_control_without_waiting_it_is_refused() -> None:
    assert sent_by_two(UserFactory(), waits=False) == ({"ok": 1, "request_in_progress": 1}, [False], 1)


def test_who_would_wait_too_long_is_told_that_the_first_is_still_being_worked_on() -> None:
    ends, told, effects = sent_by_two(UserFactory(), waits=True, patience="100ms")

    assert (ends, told, effects) == ({"ok": 1, "request_in_progress": 1}, [False], 1)
