"""The dials of the world, each turned alone: what was asked, what is read back, and what moved besides.

    python benchmarks/dials.py [documents]

Prints two tables for docs/world.md: asked beside read back, and the orthogonality table - every characteristic that
moves by more than a twentieth when one dial is turned; a dot where it stays. About 20 seconds.
"""

import sys
from collections.abc import Mapping

from pipeline.tasks.world.corpus import documents
from pipeline.tasks.world.dials import Reasoning
from pipeline.tasks.world.families import TRAINED
from pipeline.tasks.world.readback import Reading, asked, measure

MIDDLE = {
    "num_documents": 1,
    "families": TRAINED,
    "templates": 3,
    "depths": {2: 1.0, 3: 1.0, 4: 1.0},
    "styles": {"verbose": 0.4, "terse": 0.2, "skipped": 0.15, "answer_only": 0.25},
    "corrupted_steps": 0.06,
    "wrong_answers": 0.06,
}
TURNS = {
    "families": {"families": TRAINED[:4]},
    "templates": {"templates": 2},
    "casts": {"casts": 4},
    "depths": {"depths": {3: 1.0, 4: 1.0}},
    "distractors": {"distractors": {0: 1.0, 2: 1.0}},
    "styles": {"styles": {"verbose": 1.0}},
    "corrupted_steps": {"corrupted_steps": 0.2},
    "wrong_answers": {"wrong_answers": 0.2},
    "think_share": {"think_share": 0.5},
    "instruct_share": {"instruct_share": 0.1},
    "shared_share": {"shared_with": "other", "shared_share": 0.3},
}
SHOWN = (
    *("families", "templates", "entity_sets", "structure_bits", "depth", "distractors", "written_steps", "trace_words"),
    *("verbose", "corrupted_rate", "wrong_rate", "think_share", "instruct_share", "shared_share"),
)


def reading(change: Mapping[str, object], count: int) -> tuple[Reading, Reading]:
    """What was asked and what is read back of a corpus with one dial turned."""
    dials = Reasoning.model_validate({**MIDDLE, **change})
    drawn = documents(dials, study_key="dials", stream="one", split="train", count=count)
    others = documents(dials, study_key="dials", stream="other", split="train", count=count)
    return asked(dials), measure(drawn, others)


def main() -> None:
    """Print both tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    (plain, middle), turned = reading({}, count), {name: reading(change, count) for name, change in TURNS.items()}
    print("| dial turned | characteristic | asked | read back |\n|---|---|---|---|")
    for name, (wanted, found) in turned.items():
        for key in (key for key in SHOWN if key in wanted and wanted[key] != plain.get(key)):
            print(f"| {name} | {key} | {wanted[key]:.3g} | {found[key]:.3g} |")
    print(f"\n| read back | middle | {' | '.join(turned)} |\n|---|---|{'---|' * len(turned)}")
    for key in SHOWN:
        cells = [_cell(found[key], middle[key]) for _, found in turned.values()]
        print(f"| {key} | {middle[key]:.3g} | {' | '.join(cells)} |")


def _cell(value: float, middle: float) -> str:
    moved = abs(value - middle) > max(0.05 * abs(middle), 0.015)
    return f"**{value:.3g}**" if moved else "."


if __name__ == "__main__":
    main()
