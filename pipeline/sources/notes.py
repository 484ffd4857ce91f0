"""What a reader saw on its way: drops by reason with a few of each to look at, and repairs by kind."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MAX_SHOWN = 5


@dataclass
class Notes:
    """Filled while files are read."""

    dropped: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    repaired: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str, where: str, why: str = "") -> None:
        """Count a row or document that is left out."""
        self.dropped[reason] += 1
        examples = self.shown.setdefault(reason, [])
        if len(examples) < MAX_SHOWN:
            examples.append({"where": where, "why": why[:300]})

    def to_json(self) -> dict[str, Any]:
        """As `counts.json` shows it."""
        return {
            "dropped": dict(sorted(self.dropped.items())),
            "dropped_examples": dict(sorted(self.shown.items())),
            "repaired": dict(sorted(self.repaired.items())),
        }
