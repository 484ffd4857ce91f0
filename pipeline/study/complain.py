"""One line on standard error."""

import sys


def complain(message: str) -> None:
    """Say what is wrong; line breaks inside become spaces."""
    print(f"frontload: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201 - the terminal is its business
