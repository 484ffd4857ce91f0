"""Keys and tokens of the environment, kept out of whatever is written or said."""

import os
import re

_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_SHORTEST = 8  # characters; a shorter value is a setting, and would blank out ordinary words
HIDDEN = "***"


def without_secrets(text: str) -> str:
    """The text with the value of every environment variable that is named like a secret blanked out."""
    secrets = [value for name, value in os.environ.items() if _NAMES.search(name) and len(value) >= _SHORTEST]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
