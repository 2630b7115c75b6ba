"""The container's own question: does this web server answer and reach what it needs? Exit code 0 means yes."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> int:
    """Ask /readyz on this host, under a host name that the settings allow."""
    connection = HTTPConnection("127.0.0.1", 8000, timeout=4)
    try:
        connection.request("GET", "/readyz", headers={"Host": os.environ["ALLOWED_HOSTS"].split(",")[0]})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
