"""What is allowed on one's own machine only cannot get into production."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import production_environment

ROOT = Path(__file__).resolve().parents[2]
LOCAL_ONLY = ("LOCAL_RUN", "DEBUG", "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "STRIPE_API_BASE", "WHITENOISE_USE_FINDERS")
SANDBOX = "http://127.0.0.1:12111"
KEY = f"{'made-up-' * 5}abc="  # of a key's form; the same in each process, for parallel tests


def in_production(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | production_environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"} | more
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the browser tests' own
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def settings_of(*names: str, **environment: str) -> dict[str, object]:
    code = "import json, sys; from django.conf import settings; "
    code += "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))"
    done = in_production("-c", code, *names, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_in_production_nothing_of_the_local_run_is_on() -> None:
    found = settings_of(*LOCAL_ONLY, DEBUG="on", STRIPE_API_BASE=SANDBOX)

    assert found == dict.fromkeys(LOCAL_ONLY, False) | {"STRIPE_API_BASE": ""}


def test_the_local_run_shows_no_tracebacks_unless_asked() -> None:
    here = {"LOCAL_RUN": "on", "SITE_URL": "http://127.0.0.1:8000", "STRIPE_API_BASE": SANDBOX}

    assert settings_of(*LOCAL_ONLY, **here) == dict.fromkeys(LOCAL_ONLY, True) | {
        "DEBUG": False,
        "STRIPE_API_BASE": SANDBOX,
    }
    assert settings_of(*LOCAL_ONLY, **here, DEBUG="on")["DEBUG"] is True


@pytest.mark.parametrize("site", ["https://clinic.example", "http://10.0.0.7:8000", "http://localhost.clinic.example"])
def test_a_site_that_others_reach_does_not_start_as_a_local_run(site: str) -> None:
    done = in_production("manage.py", "check", LOCAL_RUN="on", SITE_URL=site)

    assert done.returncode != 0
    assert "LOCAL_RUN is for a product that only its own machine reaches" in done.stderr


def test_the_check_for_deployment_refuses_a_local_run() -> None:
    production = in_production("manage.py", "check", "--deploy", "--fail-level", "ERROR")
    local = in_production(
        "manage.py", "check", "--deploy", "--fail-level", "ERROR", LOCAL_RUN="on", SITE_URL="http://localhost:8000"
    )

    assert (production.returncode, local.returncode) == (0, 1), production.stderr
    assert "(sukha.E001) LOCAL_RUN must be off in production." in local.stderr


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("LEAST_PRICE", "-1", "not be negative"),
        ("FREE_CANCEL_HOURS", "-1", "be from 0 to 32767"),
        ("CANCEL_GRACE_MINUTES", "32768", "be from 0 to 32767"),
        ("HOLD_MINUTES", "31", "be more than 31: so long can the payment page be paid on"),
        ("MOST_HOLDS", "0", "be 1 or more: booking with a payment makes a hold"),
        ("REMIND_HOURS_BEFORE", "-1", "not be negative; 0 sends no reminders"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(name: str, value: str, rule: str) -> None:
    done = in_production("manage.py", "check", **{name: value})

    assert done.returncode == 1
    assert f"(sukha.E002) {name} must {rule}." in done.stderr


def test_control_the_narrowest_policies_are_accepted() -> None:
    zero = dict.fromkeys(["LEAST_PRICE", "FREE_CANCEL_HOURS", "CANCEL_GRACE_MINUTES", "REMIND_HOURS_BEFORE"], "0")

    done = in_production("manage.py", "check", HOLD_MINUTES="32", **zero)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("remind", "free", "is_warned"),
    [
        ("24", "24", True),
        ("12", "24", True),
        ("26", "26", True),
        ("25", "24", False),
        ("0", "24", False),
        ("2", "0", False),
    ],
)
def test_a_reminder_that_comes_too_late_to_cancel_free_is_warned_of(remind: str, free: str, is_warned: bool) -> None:
    done = in_production("manage.py", "check", REMIND_HOURS_BEFORE=remind, FREE_CANCEL_HOURS=free)

    assert done.returncode == 0
    assert ("(sukha.W003)" in done.stderr) is is_warned
    assert (f"The reminder comes {remind} hours before a class" in done.stderr) is is_warned


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ENCRYPTION_KEYS", "not-a-key", "(sukha.E004) Number 1 of ENCRYPTION_KEYS is no Fernet key."),
        ("ENCRYPTION_KEYS", f"{KEY},not-a-key", "(sukha.E004) Number 2 of ENCRYPTION_KEYS is no Fernet key."),
        ("CLINIC_CURRENCY", "euro", "(sukha.E005) CLINIC_CURRENCY is “euro”, and there is no such currency."),
    ],
)
def test_a_key_or_a_currency_that_cannot_work_is_refused(name: str, value: str, said: str) -> None:
    done = in_production("manage.py", "check", **{name: value})

    assert done.returncode == 1
    assert said in done.stderr
    assert "not-a-key" not in done.stderr


@pytest.mark.parametrize(
    ("phone", "email", "is_warned"), [("", "", True), ("030 5550199", "", False), ("", "hello@clinic.example", False)]
)
def test_a_clinic_that_nobody_can_reach_is_warned_of(phone: str, email: str, is_warned: bool) -> None:
    done = in_production("manage.py", "check", "--deploy", CLINIC_PHONE=phone, CLINIC_EMAIL=email)

    assert done.returncode == 0
    assert ("(sukha.W006) No page tells patients how to reach the clinic." in done.stderr) is is_warned


def test_whoever_is_reminded_can_still_cancel_free_unless_the_clinic_decides_otherwise() -> None:
    done = in_production("manage.py", "check", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("wish", "promised"),
    [
        ({}, [31_536_000, False, False]),
        ({"HSTS_INCLUDE_SUBDOMAINS": "on"}, [31_536_000, True, False]),
        ({"HSTS_INCLUDE_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"}, [31_536_000, True, True]),
        ({"HSTS_PRELOAD": "on"}, [31_536_000, False, False]),
    ],
)
def test_other_subdomains_are_bound_to_https_only_when_the_clinic_says_so(
    wish: dict[str, str], promised: list[object]
) -> None:
    names = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"]

    found = settings_of(*names, **wish)

    assert [found[name] for name in names] == promised
