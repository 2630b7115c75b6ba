"""Currencies that the sandbox knows: decimals, Stripe's minimum charge, and how an amount is written.

Minimum charges and zero-decimal currencies follow https://docs.stripe.com/currencies.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Currency:
    """`minimum` is in the smallest unit; `pattern` shows where the sign stands."""

    minimum: int
    pattern: str
    decimals: int = 2
    thousands: str = ","
    point: str = "."


NARROW_SPACE = "\u202f"
SPACE = "\u00a0"

CURRENCIES = {
    "aed": Currency(200, f"AED{SPACE}{{}}"),
    "aud": Currency(50, "A${}"),
    "brl": Currency(50, f"R${SPACE}{{}}", thousands=".", point=","),
    "cad": Currency(50, "CA${}"),
    "chf": Currency(50, f"CHF{SPACE}{{}}", thousands="’"),
    "czk": Currency(1500, f"{{}}{SPACE}Kč", thousands=SPACE, point=","),
    "dkk": Currency(250, f"{{}}{SPACE}kr.", thousands=".", point=","),
    "eur": Currency(50, f"{{}}{SPACE}€", thousands=".", point=","),
    "gbp": Currency(30, "£{}"),
    "hkd": Currency(400, "HK${}"),
    "huf": Currency(17500, f"{{}}{SPACE}Ft", thousands=SPACE, point=","),
    "inr": Currency(50, "₹{}"),
    "jpy": Currency(50, "¥{}", decimals=0),
    "mxn": Currency(1000, "MX${}"),
    "myr": Currency(200, f"RM{SPACE}{{}}"),
    "nok": Currency(300, f"{{}}{SPACE}kr", thousands=SPACE, point=","),
    "nzd": Currency(50, "NZ${}"),
    "pln": Currency(200, f"{{}}{SPACE}zł", thousands=SPACE, point=","),
    "ron": Currency(200, f"{{}}{SPACE}lei", thousands=".", point=","),
    "sek": Currency(300, f"{{}}{SPACE}kr", thousands=NARROW_SPACE, point=","),
    "sgd": Currency(50, "S${}"),
    "thb": Currency(1000, "฿{}"),
    "usd": Currency(50, "${}"),
}


def written(amount: int, code: str) -> str:
    """Write an amount of the smallest unit as its country does: 1234 eur is "12,34 €"."""
    currency = CURRENCIES[code]
    whole, rest = divmod(amount, 10**currency.decimals)
    text = f"{whole:,}".replace(",", currency.thousands)
    if currency.decimals:
        text += f"{currency.point}{rest:0{currency.decimals}}"
    return currency.pattern.format(text)
