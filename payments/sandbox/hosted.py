"""What happens on the hosted pages: show, pay, authenticate, return."""

import re
from typing import Any

from . import checkout, pages
from .api import Request, Response
from .cards import card_from
from .errors import ApiError
from .params import email as email_field
from .params import parse_form
from .state import Store, Transaction

ADDRESS = re.compile(r"/c/pay/(cs_test_[A-Za-z0-9]+)(/authenticate)?")


def answer(store: Store, request: Request) -> Response:
    """Answer a browser."""
    match = ADDRESS.fullmatch(request.path)
    with store.transaction() as tx:
        if match is None or tx.get("checkout.session", match[1]) is None:
            return pages.not_found()
        if request.method == "POST":
            return submit(tx, match[1], authenticating=bool(match[2]), form=form_of(request))
        session = checkout.find(tx, match[1])
        if session["status"] != "open":
            return pages.closed_page(session)
        if match[2] and session["_card"]:
            return pages.authentication_page(session)
        return pages.payment_page(session)


def form_of(request: Request) -> dict[str, Any]:
    """The fields of a sent form; nonsense counts as none."""
    try:
        return parse_form(request.body.decode())
    except (ApiError, UnicodeDecodeError):
        return {}


def submit(tx: Transaction, wanted: str, *, authenticating: bool, form: dict[str, Any]) -> Response:
    """Try to pay, then send the browser on: a reload never pays again."""
    session = checkout.find(tx, wanted)
    if session["status"] == "expired":
        return pages.closed_page(session)
    if authenticating:
        checkout.authenticate(tx, session, succeeded=form.get("result") == "complete")
    else:
        checkout.pay(tx, session, card_from(str(form.get("try") or form.get("number", ""))), typed_email(form))
    if session["status"] == "complete":
        return pages.redirect(pages.return_address(session))
    return pages.redirect(f"/c/pay/{wanted}{'/authenticate' if session['_card'] else ''}")


def typed_email(form: dict[str, Any]) -> str | None:
    """The address typed into the page, when it is one."""
    try:
        return str(email_field(form.get("email"), "email"))
    except ApiError:
        return None
