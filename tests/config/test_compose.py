"""What the settings read, what compose passes on and what the operator is told are the same names."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from config.servers import SETTINGS
from tests.config.test_settings import in_production

ROOT = Path(__file__).resolve().parents[2]
NOT_OF_A_CLINIC = {"LOCAL_RUN", "DEBUG", "STRIPE_API_BASE", "STATIC_ROOT"}  # the local run's, and the image's own


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


@pytest.fixture(scope="module")
def passed_on(compose: dict[str, Any]) -> dict[str, str | None]:
    """The environment that compose gives to Sukha's processes."""
    found: dict[str, str | None] = compose["x-sukha"]["environment"]
    return found


def names_that_settings_read() -> set[str]:
    return set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))


def names_that_the_operator_sets(passed_on: dict[str, str | None]) -> set[str]:
    """Those without a value in compose, and those of which compose makes values."""
    bare = {name for name, value in passed_on.items() if value is None}
    return bare | {name for value in passed_on.values() for name in re.findall(r"\$\{([A-Z_]+)", value or "")}


def names_that_the_operator_reads_of() -> set[str]:
    example = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    return {*example, *(name for row in rows for name in re.findall(r"[A-Z_]+", row))}


def test_compose_passes_on_every_name_that_the_settings_read(passed_on: dict[str, str | None]) -> None:
    assert set(passed_on) == names_that_settings_read() - NOT_OF_A_CLINIC


def test_the_operator_reads_of_every_name_and_of_no_other(passed_on: dict[str, str | None]) -> None:
    made_by_compose = set(passed_on) - names_that_the_operator_sets(passed_on)

    told = names_that_the_operator_reads_of()

    assert names_that_the_operator_sets(passed_on) - told == set()
    assert told - names_that_the_operator_sets(passed_on) - made_by_compose == set()


def test_a_name_that_compose_gives_a_value_of_the_operators_is_not_optional(passed_on: dict[str, str | None]) -> None:
    """`${NAME:-}` would be an empty text where the settings have a default."""
    assert [name for name, value in passed_on.items() if ":-" in (value or "")] == []


def test_a_line_that_is_not_filled_in_means_the_default(passed_on: dict[str, str | None]) -> None:
    optional = {name: "" for name, value in passed_on.items() if value is None}
    code = "from django.conf import settings as s; print(s.FREE_CANCEL_HOURS, s.HOLD_LASTS, s.CLINIC_CURRENCY)"

    done = in_production("-c", code, **optional)

    assert (done.returncode, done.stdout) == (0, "24 0:35:00 eur\n"), done.stderr


def test_migrations_have_no_time_limit_for_a_statement_and_keep_that_for_locks(
    compose: dict[str, Any], passed_on: dict[str, str | None]
) -> None:
    environment = compose["services"]["migrate"]["environment"]
    code = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS']['options'])"

    limits = {
        timeout: in_production("-c", code, DATABASE_STATEMENT_TIMEOUT=timeout).stdout.split()
        for timeout in ("", environment["DATABASE_STATEMENT_TIMEOUT"])
    }

    assert environment == passed_on | {"DATABASE_STATEMENT_TIMEOUT": "0"}
    assert "statement_timeout=10s" in limits[""]
    assert {"lock_timeout=3s", "statement_timeout=0s"} <= set(limits["0"])


def test_composes_postgresql_logs_no_rows_like_ours(compose: dict[str, Any]) -> None:
    command = compose["services"]["db"]["command"]

    discreet = [f"{name}={SETTINGS[name]}" for name in ("log_error_verbosity", "log_min_error_statement")]

    assert command == ["postgres", *(part for setting in discreet for part in ("-c", setting))]


def test_a_secret_that_is_not_filled_in_is_named() -> None:
    done = in_production("manage.py", "check", SECRET_KEY="")

    assert done.returncode != 0
    assert "Set the SECRET_KEY environment variable" in done.stderr


def test_every_service_that_stays_is_asked_whether_it_is_well(compose: dict[str, Any]) -> None:
    unasked = {name for name, service in compose["services"].items() if "healthcheck" not in service}

    assert unasked == {"migrate"}


def test_the_hints_for_secrets_print_what_an_address_can_hold_and_the_settings_take() -> None:
    hints = re.findall(
        r"^# (python3 -c \"import .*\")\n(?:#.*\n)*([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M
    )

    made = {name: subprocess.check_output(hint, shell=True, text=True).strip() for hint, name in hints}  # noqa: S602

    assert set(made) == {"SECRET_KEY", "ENCRYPTION_KEYS", "POSTGRES_PASSWORD"}
    assert re.fullmatch(r"[0-9a-f]{48}", made["POSTGRES_PASSWORD"])
    Fernet(made["ENCRYPTION_KEYS"])
