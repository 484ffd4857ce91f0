"""How well the rules for explicit reflection agree with people: precision, recall and F1 on the 360 gold labels.

    .venv/bin/python benchmarks/reflection_classifier.py ../shared/data

Reads `essential_reflection/reflection_classifier_annotations.csv` below the folder (github.com/Essential-AI/reflection,
MIT). The rules were written by looking at the labels of one half of the items, drawn by a hash; the other half was
scored when they were done. `always yes` is the score of calling everything reflection: 280 of the 360 labels are Yes.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from pipeline.tasks.reflection.explicit import is_explicit_text

FILE = Path("essential_reflection") / "reflection_classifier_annotations.csv"


class Item(NamedTuple):
    """One labelled continuation."""

    dataset: str
    continuation: str
    is_explicit: bool
    is_calibration: bool  # of the half that the rules were written on


class Agreement(NamedTuple):
    """Counts of rule against label."""

    hits: int
    false_alarms: int
    misses: int
    rejections: int

    @property
    def precision(self) -> float:
        """Of what the rules call reflection, the share that is."""
        return self.hits / (self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """Of what is reflection, the share that the rules call so."""
        return self.hits / (self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def specificity(self) -> float:
        """Of what is none, the share that the rules leave alone."""
        return self.rejections / (self.rejections + self.false_alarms)


def read_items(path: Path) -> Iterator[Item]:
    """The labelled continuations. GSM8K's stand in a list of lists, the others plain."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            output = row["Model Output"]
            digest = hashlib.blake2b((row["Question"] + output).encode(), digest_size=8).hexdigest()
            text = json.loads(output)[0][0] if row["Dataset"] == "GSM8K" else output
            yield Item(row["Dataset"], text, row["Annotation Label"] == "Yes", int(digest, 16) % 2 == 0)


def agreement(items: list[Item], rule: Callable[[str], bool] = is_explicit_text) -> Agreement:
    """Rule against label over the items."""
    pairs = [(rule(item.continuation), item.is_explicit) for item in items]
    return Agreement(*(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))


def main(folder: Path) -> None:
    """Print the table."""
    items = list(read_items(folder / FILE))
    names = list(dict.fromkeys(item.dataset for item in items))
    parts = {
        **{name: [item for item in items if item.dataset == name] for name in names},
        "all": items,
        "half of the rules": [item for item in items if item.is_calibration],
        "the other half": [item for item in items if not item.is_calibration],
    }
    table = Table("items", "n", "precision", "recall", "F1", "specificity", "F1 of always yes")
    for name, part in parts.items():
        found, always = agreement(part), agreement(part, lambda _: True)
        numbers = (found.precision, found.recall, found.f1, found.specificity, always.f1)
        table.add_row(name, str(len(part)), *(f"{number:.3f}" for number in numbers))
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
