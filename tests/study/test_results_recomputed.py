"""The committed results once more, from the per-problem rows by plain pandas: no line of the package is used here.

What docs/RESULTS.md tells - the accuracy of every cell with its interval or spread, and every claim whose problems the
sweep's file names outright - is computed anew from docs/results/*/*.parquet and compared to the digits written there.
Left out: sweeps that name arms by more than their mixes, and claims on families that both or neither corpora hold: they
ask what a corpus holds, and tests/verdict/test_groups.py has those.
"""

import json
import math
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/results"
TOLD = ROOT / "docs/RESULTS.md"
SWEEPS = {folder.name: ROOT / f"sweeps/{folder.name}.yaml" for folder in RESULTS.iterdir()}
NAMES = sorted(
    name for name, path in SWEEPS.items() if path.exists() and "arms" not in yaml.safe_load(path.read_text())
)
# Student's t, two-sided 95 %, for 1 to 9 degrees of freedom.
STUDENT = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)
pytestmark = pytest.mark.parametrize("name", NAMES)


@cache
def told(name):
    """(seeds, claims by name, grid's rows) as the page by hand has them."""
    text = TOLD.read_text(encoding="utf-8").split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0]
    seeds = [int(each) for each in re.search(r"^Seeds ([\d, ]+)\.", text, re.MULTILINE)[1].split(",")]
    tables = [_cells(block) for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
    (claims,) = [table for table in tables if table[0][0] == "claim"]
    (grid,) = [table for table in tables if table[0][0] == "pretraining"]
    return seeds, [dict(zip(claims[0], row, strict=True)) for row in claims[2:]], [grid[0], *grid[2:]]


def _cells(block):
    return [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in block.splitlines()]


@cache
def rows_of(name):
    """Greedy rows of every checkpoint of the common rate, seed by seed: checkpoint, seed, and the rows' own columns."""
    found = []
    for seed in told(name)[0]:
        runs = pd.read_parquet(RESULTS / name / f"runs-s{seed}.parquet", columns=["arm", "key", "fingerprint"])
        scores = pd.concat(
            [pd.read_parquet(path) for path in sorted((RESULTS / name).glob(f"scores-s{seed}-*.parquet"))]
        )
        scores = scores[scores["kind"] == "greedy"]
        for arm, key, fingerprint in runs[runs["key"].isin(["eval:pretrain", "eval:sft"])].itertuples(index=False):
            point = json.loads(arm)
            passes = int(point.get("sft.passes", 1))
            sft = f"{passes}x {point['sft_mix']}" if passes > 1 else point["sft_mix"]
            checkpoint = point["pretrain_mix"] + (f" > {sft}" if key == "eval:sft" else "")
            found.append(scores[scores["fingerprint"] == fingerprint].assign(checkpoint=checkpoint, seed=seed))
    keys = ["checkpoint", "seed", "fingerprint", "suite", "task", "problem"]
    return pd.concat(found).drop_duplicates(keys)


def accuracy(name, group="trained"):
    """(checkpoint, seed) -> percent of a group's problems; a checkpoint has one evaluation."""
    rows = rows_of(name)
    assert rows.groupby(["checkpoint", "seed"])["fingerprint"].nunique().max() == 1
    kind, _, what = group.partition(" ")
    trained = ~rows["lookup"] & ~rows["held_out"]
    chosen = {
        "trained": trained,
        "held_out": ~rows["lookup"] & rows["held_out"],
        "every": ~rows["lookup"],
        "lookup": rows["task"] == "lookup",
        "domain": trained & (rows["domain"] == what),
        "family": rows["task"] == what,
    }[kind]
    return 100 * rows[chosen].groupby(["checkpoint", "seed"])["correct"].mean()


def test_every_cell_of_the_grid(name):
    seeds, _, (head, *rows) = told(name)
    means, counts = accuracy(name), rows_of(name)
    checked = 0
    for pretrain, *cells in rows:
        for column, cell in zip(head[1:], cells, strict=True):
            if cell not in ("", "-"):
                checkpoint = pretrain if column == "before SFT" else f"{pretrain} > {column.removeprefix('SFT ')}"
                assert cell == _told_cell(means[checkpoint], counts[counts["checkpoint"] == checkpoint]), checkpoint
                checked += 1
    assert checked >= 6 and len(seeds) == means.index.get_level_values("seed").nunique()


def _told_cell(by_seed, rows):
    """`15.6 [13.2, 18.4]` from one seed (Wilson, 1927), `15.6 13.2 to 18.4, sd 1.2` from several."""
    mean = by_seed.mean()
    if len(by_seed) > 1:
        return f"{mean:.1f} {by_seed.min():.1f} to {by_seed.max():.1f}, sd {by_seed.std():.1f}"
    n, p, z = int((~rows["lookup"] & ~rows["held_out"]).sum()), mean / 100, 1.959964
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (100 * (middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return f"{mean:.1f} [{max(low, 0):.1f}, {high:.1f}]"


def test_every_claim_that_names_its_problems(name):
    _, claims, _ = told(name)
    asked = yaml.safe_load((ROOT / f"sweeps/{name}.yaml").read_text(encoding="utf-8"))["claims"]
    checked = 0
    for row in claims:
        claim = asked[row["claim"].strip("*")]
        group = claim.get("group", "trained")
        if (
            row["here"]
            and group not in ("shared", "neither")
            and "metric" not in claim
            and isinstance(claim["contrast"], str)
        ):
            by_seed = effects(name, claim["contrast"], group)
            if "against" in claim:
                by_seed = by_seed - effects(name, claim["contrast"], claim["against"])
            assert float(row["here"]) == pytest.approx(by_seed.mean(), abs=0.0501), row["claim"]
            assert int(row["seeds"]) == len(by_seed)
            if row["95 %"]:
                half = STUDENT[len(by_seed) - 2] * by_seed.std() / math.sqrt(len(by_seed))
                ends = [float(end) for end in row["95 %"].split(" .. ")]
                assert ends == pytest.approx([by_seed.mean() - half, by_seed.mean() + half], abs=0.06), row["claim"]
            checked += 1
    assert checked >= 3


def effects(name, contrast, group):
    """A contrast seed by seed: checkpoints' names become their percents, the rest is arithmetic."""
    table = accuracy(name, group).unstack("seed")
    known = {"mean": lambda *parts: sum(parts) / len(parts)}

    def named(found):
        known[f"x{len(known)}"] = table.loc[found[0]]
        return f"x{len(known) - 1}"

    formula = re.sub(r"\b(?!mean\b)[a-z]\w*(?: > (?:\d+x )?\w+)?", named, contrast)
    assert re.fullmatch(r"[\w\s()+,*/.-]+", formula), formula
    return eval(formula, {"__builtins__": {}}, known)
