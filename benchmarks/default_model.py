"""Which model should the wind tunnel have? The one that reaches an accuracy on dev in the fewest CPU-seconds.

    .venv/bin/python benchmarks/default_model.py --store FOLDER [--accuracy 0.25] [--seed 0] [NAMES ...]

Each candidate of `default_model.yaml` trains the arm `ldq` of the default recipe (trunk and branch, one worker), keeps
checkpoints on the way, and each is asked dev problems. CPU-seconds are those of the training stages by record,
all threads and compilation included, in proportion to the tokens trained on; evaluation is not counted. Runs that
the store holds already are not repeated, so that candidates can be added and seeds be set side by side.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import yaml
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
KEPT = ("5.5M", "6.2M", "6.9M")  # tokens of pretraining, of 7.6M; the trunk ends at 5M


class Point(NamedTuple):
    """A checkpoint on the way."""

    tokens: int
    cpu_seconds: float
    accuracy: float  # of greedy answers, families that are trained
    graded: float


def run(overrides: list[str], store: Path, seed: int) -> None:
    """Train and evaluate one candidate through the front door."""
    words = ["pretrain_mix=ldq", "sft_mix=ldq", "stage=eval", f"seed={seed}", f"store={store}", "tracking=off"]
    kept = f"+training.keep_at=[{','.join(KEPT)}]"
    asked = ["workers=1", "+eval.suites.0.split=dev", kept, *overrides]
    subprocess.run([sys.executable, "-m", "pipeline", *words, *(_added(word) for word in asked)], check=True)


def _added(override: str) -> str:
    """With Hydra's plus-plus: whether the recipe names the key or leaves it at its default."""
    return override if override.startswith(("+", "~", "workers=")) else f"++{override}"


def points(store: Path) -> list[Point]:
    """What one candidate's store holds, in the order of training."""
    trunk, branch = (_record(store, "pretrain", label) for label in ("trunk", "branch"))
    found: list[Point] = []
    for path in sorted((store / "eval").glob("*/record.json")):
        record = orjson.loads(path.read_bytes())
        if record["parents"][0]["fingerprint"] != branch["fingerprint"]:
            continue  # the checkpoint after SFT
        share = record["literals"].get("at", branch["ledger"]["input_tokens"]) / branch["ledger"]["input_tokens"]
        scores = orjson.loads((path.parent / "summary.json").read_bytes())["over"]["reasoning"]
        found.append(
            Point(
                tokens=round(trunk["ledger"]["input_tokens"] + share * branch["ledger"]["input_tokens"]),
                cpu_seconds=trunk["cpu_seconds"] + share * branch["cpu_seconds"],
                accuracy=scores["accuracy"],
                graded=scores["graded"],
            )
        )
    return sorted(found)


def _record(store: Path, stage: str, label: str) -> dict[str, Any]:
    (path,) = (store / stage).glob(f"{label}*/record.json")
    return orjson.loads(path.read_bytes())


def seconds_to(accuracy: float, way: list[Point]) -> float | None:
    """CPU-seconds to the first checkpoint that is at least so good; None where none is."""
    return next((point.cpu_seconds for point in way if point.accuracy >= accuracy), None)


def show(ways: dict[str, list[Point]], accuracy: float) -> None:
    """The table, quickest first."""
    columns = (
        "candidate",
        f"CPU-s to {accuracy:.0%}",
        "tokens / CPU-s",
        *(f"at {count}" for count in KEPT),
        "at the end",
        "graded",
    )
    table = Table(*columns, box=None)
    quickest = sorted(ways, key=lambda name: seconds_to(accuracy, ways[name]) or float("inf"))
    for name in quickest:
        way, reached = ways[name], seconds_to(accuracy, ways[name])
        shares = (f"{point.accuracy:.1%}" for point in way)
        speed = f"{way[-1].tokens / way[-1].cpu_seconds:,.0f}"
        table.add_row(
            name, "not reached" if reached is None else f"{reached:.0f}", speed, *shares, f"{way[-1].graded:.3f}"
        )
    Console(width=160).print(table)


def main() -> None:
    """Run the candidates that are named, or all of them."""
    candidates: dict[str, list[str]] = yaml.safe_load((HERE / "default_model.yaml").read_text())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *candidates], metavar="NAME")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--accuracy", type=float, default=0.25)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    ways: dict[str, list[Point]] = {}
    for name in asked.names or candidates:
        store = asked.store / f"{name}-s{asked.seed}"
        run(candidates[name], store, asked.seed)
        ways[name] = points(store)
        show(ways, asked.accuracy)


if __name__ == "__main__":
    main()
