"""A wake-up that cannot be handed over is dropped: what was committed stays committed, and the answer is the same."""

import threading

import pytest
from django.db import transaction

from core.wakeup import _Caller, wake_worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_process_that_can_start_no_thread_commits_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the interpreter's exit, or at the system's limit of threads."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    done = []
    monkeypatch.setattr("core.wakeup._caller", _Caller())
    monkeypatch.setattr(threading.Thread, "start", refuse)

    with transaction.atomic():
        wake_worker("payments.tasks.send_refund", 1)
        transaction.on_commit(lambda: done.append("what came after"))

    assert done == ["what came after"]
