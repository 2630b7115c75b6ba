"""Stripe's documented test cards (https://docs.stripe.com/testing) and what each one does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A test card. Without a `code` it pays, after 3-D Secure when `authenticates`."""

    number: str
    code: str | None = None
    decline_code: str | None = None
    message: str = ""
    authenticates: bool = False

    @property
    def last4(self) -> str:
        """The four digits that may be shown and kept."""
        return self.number[-4:]


SUCCEEDS, DECLINED, AUTHENTICATES = "4242424242424242", "4000000000000002", "4000002500003155"

CARDS = {
    card.number: card
    for card in (
        Card(SUCCEEDS),
        Card(DECLINED, "card_declined", "generic_decline", "Your card was declined."),
        Card("4000000000009995", "card_declined", "insufficient_funds", "Your card has insufficient funds."),
        Card("4000000000009987", "card_declined", "lost_card", "Your card was declined."),
        Card("4000000000000069", "expired_card", None, "Your card has expired."),
        Card("4000000000000127", "incorrect_cvc", None, "Your card's security code is incorrect."),
        Card("4000000000000119", "processing_error", None, "An error occurred while processing your card. Try again."),
        Card(AUTHENTICATES, authenticates=True),
        Card("4000002760003184", authenticates=True),
    )
}


def passes_luhn(number: str) -> bool:
    """Check the last digit of a card number by the formula of ISO/IEC 7812-1."""
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def card_from(typed: str) -> Card:
    """Return the test card for what was typed. Any other number is refused and kept nowhere."""
    number = "".join(typed.split()).replace("-", "")
    if number in CARDS:
        return CARDS[number]
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19 and passes_luhn(number)):
        return Card("", "incorrect_number", None, "Your card number is incorrect. Use one of the test cards.")
    return Card(
        "",
        "card_declined",
        "test_mode_live_card",
        "Your card was declined: the sandbox takes test cards only. Never type a real card number here.",
    )
