"""What is printed, and how: plain lines that never wrap in a pipe, and times as people say them."""

import sys

from rich.console import Console
from rich.text import Text

WIDTH_IN_PIPES = 160  # for tables; rich would take 80


def make_console() -> Console:
    """Standard output; as wide as the terminal, or wide enough for our tables where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_IN_PIPES)


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """One line of text, or of (text, style); brackets in it mean nothing, and it is not wrapped."""
    console.print(Text.assemble(*parts), soft_wrap=True)


def format_seconds(seconds: float) -> str:
    """`0.4 s`, `8 s`, `4 min 10 s`, `2 h 5 min`."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_left(seconds: float) -> str:
    """An estimate, no more exact than it can be: `a few seconds`, `about 40 s`, `about 12 min`."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 90:
        return f"about {5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"
