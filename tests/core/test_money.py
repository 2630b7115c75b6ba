"""Money is written as the clinic's country writes it, and read back strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from core.money import NotAnAmount, format_money, parse_amount, plain_amount

NBSP = "\N{NO-BREAK SPACE}"
amounts = st.integers(min_value=0, max_value=999_999_999)


@pytest.mark.parametrize(
    ("amount", "currency", "country", "words"),
    [
        (1800, "eur", "DE", f"18,00{NBSP}€"),
        (180_000, "eur", "DE", f"1.800,00{NBSP}€"),
        (1800, "gbp", "GB", "£18.00"),
        (1800, "usd", "US", "$18.00"),
        (1800, "jpy", "JP", "¥1,800"),
        (1800, "kwd", "GB", "KWD1.800"),
        (0, "eur", "DE", f"0,00{NBSP}€"),
    ],
)
def test_an_amount_is_written_as_its_country_writes_it(
    settings: Settings, amount: int, currency: str, country: str, words: str
) -> None:
    settings.CLINIC_COUNTRY = country

    assert format_money(amount, currency) == words


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("18", 1800),
        ("18.00", 1800),
        ("18,00", 1800),
        (" 18,50 ", 1850),
        ("0", 0),
        ("0,05", 5),
        ("007", 700),
        ("999999999,99", 99_999_999_999),
    ],
)
def test_what_is_typed_with_a_point_or_a_comma_is_the_same_amount(typed: str, cents: int) -> None:
    assert parse_amount(typed, "eur") == cents


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "-1",
        "+1",
        "18,5",
        "18.",
        ",50",
        "18.000",
        "1.800,00",
        "1,800.00",
        "1 800",
        "18 €",
        "€18",
        "1e3",
        "nan",
        "Infinity",
        "0x10",
        "١٨",
        "１８",
        "18\x00",
        "18\n00",
        "1234567890",
        "9" * 1_000_000,
    ],
)
def test_whatever_might_mean_something_else_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(NotAnAmount) as refusal:
        parse_amount(typed, "eur")

    assert str(refusal.value) == "Please write the amount in figures, such as 18,00."


def test_a_currency_without_cents_takes_no_decimals() -> None:
    assert parse_amount("1800", "jpy") == 1800
    with pytest.raises(NotAnAmount):
        parse_amount("18,00", "jpy")


def test_a_currency_with_a_thousand_parts_takes_three_decimals() -> None:
    assert parse_amount("1,250", "kwd") == 1250
    with pytest.raises(NotAnAmount):
        parse_amount("1,25", "kwd")


@given(amount=amounts, currency=st.sampled_from(["eur", "usd", "jpy", "kwd"]))
def test_what_a_field_shows_is_read_back_as_the_same_amount(amount: int, currency: str) -> None:
    assert parse_amount(plain_amount(amount, currency), currency) == amount


@given(text=st.text(max_size=20))
def test_any_text_is_an_amount_or_refused_and_nothing_else(text: str) -> None:
    try:
        amount = parse_amount(text, "eur")
    except NotAnAmount:
        return

    assert 0 <= amount <= 99_999_999_999
