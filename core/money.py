"""Money is an integer in the currency's smallest unit; only this module turns it into words."""

from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision
from django.conf import settings
from django.utils.translation import get_language


def format_money(amount: int, currency: str) -> str:
    """Return `amount` (smallest unit, e.g. cents) as the clinic's country writes it: `18,00 €`, `$18.00`, `¥1,800`."""
    code = currency.upper()
    major = Decimal(amount).scaleb(-get_currency_precision(code))
    return format_currency(major, code, locale=_locale())


def _locale() -> Locale:
    """The reader's language as written in the clinic's country (`en_DE`); plain language when CLDR knows no such pair."""
    language = (get_language() or settings.LANGUAGE_CODE).split("-")[0]
    try:
        return Locale.parse(f"{language}_{settings.CLINIC_COUNTRY}")
    except UnknownLocaleError:
        return Locale.parse(language)
