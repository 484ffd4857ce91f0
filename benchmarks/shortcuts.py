"""How far readers that do not reason get in each family: the table of docs/world.md.

    python benchmarks/shortcuts.py [problems]

Accuracy in percent, chance first; the guessers are those of tests/tasks/probes.py, fitted on two thirds of the
problems (depths 2 to 6, all templates that corpora hold) and asked the rest. About a minute at 4500 problems.
"""

import importlib
import random
import sys
from pathlib import Path
from typing import Any

from pipeline.tasks.world.families import FAMILIES

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tasks"))
probes: Any = importlib.import_module("probes")


def main() -> None:
    """Print a row a family."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4500
    names = ("chance", "commonest", "best of place and count", "bag of words", "linear probe", "choice probe")
    print(f"| family | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for name, family in FAMILIES.items():
        stream = random.Random(f"benchmark {name}")
        made = [family.make(stream, 2 + i % 5, i // 5 % 3) for i in range(count)]
        fit, held = made[: count * 2 // 3], made[count * 2 // 3 :]
        simple = max(probes.accuracy(guess, held) for guess in probes.SIMPLE)
        found = (
            *(probes.chance(held), probes.majority(held), simple),
            *(probes.bag_of_words(fit, held), probes.linear_probe(fit, held), probes.choice_probe(fit, held)),
        )
        print(f"| {name} | {' | '.join(f'{100 * share:.0f}' for share in found)} |", flush=True)


if __name__ == "__main__":
    main()
