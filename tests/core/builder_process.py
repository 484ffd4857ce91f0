"""A process of its own that builds one artifact, for the tests that start, stop and kill several.

Each call of `make` leaves a line in the file `calls`, then waits until the file `gate` is there (if one is named).
"""

import argparse
import os
import time
from pathlib import Path

from pipeline.core.ledger import Ledger
from pipeline.core.store import Store, Wanted

WANTED = Wanted(stage="toys", label="toy", version=1, literals={"size": 3}, seed=0)
SECONDS_UNTIL_GIVING_UP = 60.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--kind", default="kernel")
    parser.add_argument("--patience", type=float, default=60.0)
    parser.add_argument("--calls", type=Path, required=True)
    parser.add_argument("--gate", type=Path)
    parser.add_argument("--resumable", action="store_true")
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args()

    def make(out: Path) -> Ledger:
        (out / "half").write_text("done before the gate")
        with options.calls.open("a") as calls:
            calls.write(f"{os.getpid()}\n")
        deadline = time.monotonic() + SECONDS_UNTIL_GIVING_UP
        while options.gate is not None and not options.gate.exists():
            assert time.monotonic() < deadline, "the gate stayed shut"
            time.sleep(0.01)
        (out / "toy.txt").write_text("abc")
        return Ledger(documents=3)

    store = Store(options.root, options.kind, patience_seconds=options.patience)
    artifact = store.build(WANTED, make, resumable=options.resumable, force=options.force)
    print(artifact.folder.name)  # noqa: T201 - how the test hears of it


if __name__ == "__main__":
    main()
