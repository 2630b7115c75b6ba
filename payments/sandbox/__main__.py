"""Start the sandbox; `python -m payments.sandbox --help` names the options."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .server import Server
from .state import Config, StateError

logger = logging.getLogger("payments.sandbox")


def command_line() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="python -m payments.sandbox",
        description="A stand-in for Stripe for development and tests. No money moves.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=12111, help="port to listen on; 0 picks a free one")
    parser.add_argument("--state", type=Path, help="file that keeps everything; without it nothing survives the end")
    parser.add_argument("--webhook-url", default="", help="where events are delivered; without it they are only listed")
    parser.add_argument("--webhook-secret", default="", help="signs the deliveries (whsec_…)")
    parser.add_argument("--public-url", default="", help="how browsers reach the payment page, if not by host and port")
    return parser


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    parser = command_line()
    options = parser.parse_args()
    if options.webhook_url and not options.webhook_secret:
        parser.error("the sandbox signs what it delivers: give --webhook-secret with --webhook-url")
    config = Config(options.public_url.rstrip("/"), options.webhook_url, options.webhook_secret)
    try:
        server = Server((options.host, options.port), options.state, config)
    except StateError as error:
        parser.exit(1, f"{error}\n")
    except (OSError, OverflowError) as error:
        parser.exit(1, f"The Stripe sandbox cannot listen on {options.host}:{options.port}: {error}.\n")

    def stop(*_: Any) -> None:
        threading.Thread(target=server.shutdown).start()  # it waits for the loop that this handler interrupts

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.start()
    target = f", webhooks to {options.webhook_url}" if options.webhook_url else ""
    logger.info("Stripe sandbox at %s (no money moves)%s", server.own_address, target)
    server.serve_forever(poll_interval=0.1)
    server.finish()


if __name__ == "__main__":
    main()
