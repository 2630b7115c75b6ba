"""The Stripe sandbox: a small process that speaks the part of Stripe's API that this project uses.

`python -m payments.sandbox --port 12111 --state FILE --webhook-url URL --webhook-secret SECRET` starts it; the official
SDK talks to it by `StripeClient(key, base_addresses={"api": …})`. No money moves. It uses the standard library only and
knows nothing of the project. It must never run in production, so importing it fails unless LOCAL_RUN is true.
"""

import os

if os.environ.get("LOCAL_RUN", "").strip().lower() not in {"true", "on", "ok", "y", "yes", "1"}:
    raise ImportError(
        "payments.sandbox plays Stripe for development and tests, and refuses to run anywhere else. "
        "Set LOCAL_RUN=true in the environment to use it."
    )
