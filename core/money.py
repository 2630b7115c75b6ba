"""Money is an integer in the currency's smallest unit; only this module turns it into words and reads it from words."""

import re
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.numbers import is_currency as babel_knows
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

# 9 digits are more than any price here needs, and keep every currency's smallest unit within a 64-bit integer
AMOUNT = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,4}))?")


class NotAnAmount(InvalidInput):
    code = "not_an_amount"
    message = _("Please write the amount in figures, such as %(example)s.")


def is_currency(code: str) -> bool:
    """Whether there is a currency with this code of ISO 4217, in letters of any size."""
    return bool(babel_knows(code.upper()))


def format_money(amount: int, currency: str) -> str:
    """Return `amount` (smallest unit, e.g. cents) as the clinic's country writes it: `18,00 €`, `$18.00`, `¥1,800`."""
    return _written(amount, currency.upper(), _locale())


def plain_amount(amount: int, currency: str) -> str:
    """Return `amount` (smallest unit) for an input field, without the currency: `18,00`, `18.00`, `1800`."""
    digits = get_currency_precision(currency.upper())
    pattern = "0." + "0" * digits if digits else "0"
    return str(format_decimal(Decimal(amount).scaleb(-digits), pattern, locale=_locale()))


def parse_amount(text: str, currency: str) -> int:
    """Return what was typed (`18`, `18.00` or `18,00`) in the currency's smallest unit.

    Strict, because a guess would be a wrong price: either no decimals or all of them, and no thousands separators
    (`1.800` might mean two amounts). Raises NotAnAmount.
    """
    digits = get_currency_precision(currency.upper())
    typed = AMOUNT.fullmatch(text.strip())
    if typed is None or (typed[2] is not None and len(typed[2]) != digits):
        raise NotAnAmount(example=plain_amount(18 * 10**digits, currency))
    return int(typed[1]) * 10**digits + int(typed[2] or 0)


@lru_cache(maxsize=1024)  # a timetable writes the same few prices over and over
def _written(amount: int, code: str, locale: Locale) -> str:
    return str(format_currency(Decimal(amount).scaleb(-get_currency_precision(code)), code, locale=locale))


def _locale() -> Locale:
    """The reader's language as the clinic's country writes it (`en_DE`); the language alone where CLDR has no such."""
    language = (get_language() or settings.LANGUAGE_CODE).split("-")[0]
    try:
        return Locale.parse(f"{language}_{settings.CLINIC_COUNTRY}")
    except UnknownLocaleError:
        return Locale.parse(language)
