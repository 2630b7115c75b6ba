"""The hosted payment page: plain HTML that works without scripts, from a phone of 320 px to a desktop."""

import base64
import hashlib
from html import escape
from pathlib import Path

from .api import Response
from .cards import AUTHENTICATES, DECLINED, SUCCEEDS
from .checkout import STAND_IN_EMAIL
from .currencies import written
from .state import Object

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# No form-action: browsers apply it to the redirect back to the shop as well.
POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HTML = "text/html; charset=utf-8"


def document(title: str, content: str, status: int = 200) -> Response:
    """A whole page around its content."""
    body = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – payment sandbox</title>
<style>{STYLE}</style>
</head>
<body>
<header class="sandbox"><strong>This is a sandbox.</strong> No money moves and no card is charged.</header>
<main>
{content}
</main>
</body>
</html>
"""
    return Response(status, body, HTML, dict(HEADERS))


def redirect(address: str) -> Response:
    """Send the browser on with a GET."""
    return Response(303, "", HTML, {**HEADERS, "Location": address})


def return_address(session: Object) -> str:
    """Where the shop wants the payer after success."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def every(price: Object) -> str:
    """How often a price is due."""
    recurring = price["recurring"]
    if not recurring:
        return ""
    count = recurring["interval_count"]
    return f" every {recurring['interval']}" if count == 1 else f" every {count} {recurring['interval']}s"


def order_row(item: Object, detail: str | None) -> str:
    """One line of the order, with the product's description beneath its name."""
    times = f" × {item['quantity']}" if item["quantity"] > 1 else ""
    amount = written(item["amount_total"], item["currency"]) + every(item["price"])
    beneath = f'<br><span class="quiet">{escape(detail)}</span>' if detail else ""
    return f"<div><dt>{escape(item['description'])}{times}{beneath}</dt><dd>{amount}</dd></div>"


def order(session: Object) -> str:
    """What is bought, and the total."""
    items = zip(session["_line_items"], session["_details"], strict=True)
    rows = "".join(order_row(item, detail) for item, detail in items)
    total = written(session["amount_total"], session["currency"])
    return f'<dl>{rows}<div class="total"><dt>Total</dt><dd>{total}</dd></div></dl>'


def back_link(session: Object) -> str:
    """The way out without paying, when the shop has named one."""
    if not session["cancel_url"]:
        return ""
    return f'<a class="back" href="{escape(session["cancel_url"])}">Back, without paying</a>'


def payment_page(session: Object) -> Response:
    """The form of an open session; after a refusal it says why."""
    total = written(session["amount_total"], session["currency"])
    email = (session["customer_details"] or {}).get("email")
    error, invalid = "", ""
    if session["_notice"]:
        error = (
            '<div class="error" role="alert" id="problem"><p><strong>The payment did not go through.</strong> '
            f"{escape(session['_notice'])}</p></div>"
        )
        invalid = ' aria-invalid="true" aria-describedby="problem"'
    content = f"""<h1>Pay {total}</h1>
{error}
{order(session)}
<form method="post" action="/c/pay/{session["id"]}">
<div>
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="email" required value="{escape(email or STAND_IN_EMAIL)}"\
{" readonly" if email else ""}>
</div>
<div>
<label for="number">Card number</label>
<input id="number" name="number" inputmode="numeric" autocomplete="off" required value="{grouped(SUCCEEDS)}"{invalid}>
</div>
<div class="pair">
<div>
<label for="expiry">Expiry (MM / YY)</label>
<input id="expiry" name="expiry" autocomplete="off" required value="12 / 34">
</div>
<div>
<label for="cvc">Security code</label>
<input id="cvc" name="cvc" inputmode="numeric" autocomplete="off" required value="123">
</div>
</div>
<button class="primary" id="pay">Pay {total}</button>
<p class="quiet">Use a test card only, never a real one.</p>
<fieldset>
<legend>Or try an outcome</legend>
<button name="try" value="{SUCCEEDS}" formnovalidate id="succeed">Card that pays</button>
<button name="try" value="{DECLINED}" formnovalidate id="decline">Card that is declined</button>
<button name="try" value="{AUTHENTICATES}" formnovalidate id="secure">Card that asks for 3&#8209;D&nbsp;Secure</button>
</fieldset>
</form>
{back_link(session)}"""
    return document(f"{'Error: ' if error else ''}Pay {total}", content)


def grouped(number: str) -> str:
    """A card number in groups of four."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def authentication_page(session: Object) -> Response:
    """The stand-in for the bank's 3-D Secure page."""
    total = written(session["amount_total"], session["currency"])
    content = f"""<h1>Confirm with your bank</h1>
<p>Your bank asks whether it is really you who pays {total} with the card ending in {session["_card"][-4:]}.
This page stands in for 3&#8209;D&nbsp;Secure.</p>
<form method="post" action="/c/pay/{session["id"]}/authenticate">
<button class="primary" name="result" value="complete" id="complete">Complete authentication</button>
<button name="result" value="fail" id="fail">Fail authentication</button>
</form>"""
    return document("Confirm with your bank", content)


def closed_page(session: Object) -> Response:
    """A session that is complete or expired."""
    if session["status"] == "complete":
        address = escape(return_address(session))
        content = f"""<h1>This order is complete</h1>
<p>There is nothing left to pay here.</p>
{order(session)}
<p><a class="button primary" href="{address}">Return to the clinic</a></p>"""
        return document("Order complete", content)
    back = ""
    if session["cancel_url"]:
        back = f'<p><a class="button primary" href="{escape(session["cancel_url"])}">Return to the clinic</a></p>'
    content = f"""<h1>This payment page has expired</h1>
<p>Its time is over and nothing was charged. Please start again at the clinic.</p>
{back}"""
    return document("Payment page expired", content, 410)


def not_found() -> Response:
    """No session has this address."""
    return document("Not found", "<h1>Not found</h1>\n<p>There is no payment page at this address.</p>", 404)
