"""What the user probably meant."""

import difflib
from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str], by: Callable[[str], str] = str) -> str:
    """`did you mean 'x'?` where something is near, else the list of what there is; nearness is that of `by`."""
    names = sorted(known)
    looks = {by(each): each for each in names}
    close = difflib.get_close_matches(by(name), looks, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{looks[close[0]]}'?"
    return f"there are: {', '.join(names)}" if names else "there are none"
