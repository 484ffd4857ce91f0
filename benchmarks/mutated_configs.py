"""A thousand command lines with mistakes in them: does any end in a raw traceback?

    .venv/bin/python benchmarks/mutated_configs.py [lines] [seed] [--from N]

Each line is one that works with one to three mistakes put in: a letter lost, doubled or swapped in a key, a group or a
value; a value of another kind; a key added, removed or given twice; a question or a sweep that does not fit. It goes
through the door in this process, up to where the first stage would start. What must come out is exit code 0 with
nothing on standard error, or exit code 2 with one line that begins with `frontload: `; argparse's own refusals of an
unknown flag may add its usage. Anything else is printed with its line. Exits 1 if there was any. Every 25 lines it
says how many it has tried, so that a run that is cut off has its count; `--from N` begins at the Nth line of the seed.
"""

import contextlib
import io
import os
import random
import sys
import tempfile
import traceback
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from hydra import compose, initialize
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from pipeline.study import door as door_module
from pipeline.study.config.register import register
from pipeline.study.run.runner import Runner

VALUES = (
    "abc", "-1", "0", "1", "1e999", "nan", "inf", "-inf", "null", "true", "[]", "{}", "''", "1k", "-1k", "1.5k",
    "0.5", "99999999999999999999", "1e-320", "[1", "[1,2]", "{a: 1}", "{", "1,2", "range(0,3)", "${seed}",
    "${nosuch}", "???", "grün", "'a b'", "a b", "/", "//", "..", "~", "=", "a=b", "'it''s'", '"', "\\", "0x10",
    "1_000", "glob(*)", "\u202e",
)  # fmt: skip
GROUPS = (
    "recipe", "pretrain_mix", "sft_mix", "base_mix", "scale", "suites", "probes", "benchmarks", "sweep",
)  # fmt: skip
OPTIONS = (
    "smoke", "ldq", "shq", "none", "tunnel", "asymmetry", "[deeper]", "[deeper,nosuch]", "tiny", "8b", "letters",
)  # fmt: skip
STAGES = (
    "all", "sources", "eval", "sft", "report", "ls", "why", "verify", "gc", "publish", "score", "plan", "verdict",
)  # fmt: skip
STRANGE = (
    "report", "--nosuch", "-x", "--cfg", "--cfg=jobs", "=", "=1", "seed=", "seed==1", "a.b.c=1", "hydra=1",
    "hydra.job.name=a b", "+", "~", "++a=1", "hydra/launcher=slurm", "hydra/launcher=submitit_slurm", "phases=null",
    "~phases.trunk", "corpora=1", "~model", "eval.suites=null", "eval.suites.9.name=a",
    "+phases.extra={tokens: 1k}", "phases.trunk=null", "sweep.axes={}", "model.extra={a: b}",
)  # fmt: skip


class _AcceptedError(BaseException):
    """The line was found good: the first stage would start now."""


def accept(*_: object, **__: object) -> None:
    """Stand in for the runner."""
    raise _AcceptedError


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values of a config that a command line may set."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [(f"{at}.{key}" if at else str(key), each) for key, each in items]
    if inner:
        for key, each in inner:
            yield from leaves(each, key)
    elif at:
        yield at, "null" if value is None else str(value)


def garbled(text: str, chance: random.Random) -> str:
    """One letter lost, doubled, swapped with the next or replaced."""
    if not text:
        return "x"
    at = chance.randrange(len(text))
    letter, rest = text[at], text[at + 1 :]
    kinds = ("", letter * 2, rest[:1] + letter, chance.choice("aeinstz_.ü"))
    kind = chance.randrange(len(kinds))
    return text[:at] + kinds[kind] + (rest[1:] if kind == 2 else rest)


def mistake(keys: list[tuple[str, str]], chance: random.Random) -> list[str]:
    """One mistake, as overrides."""
    key, value = chance.choice(keys)
    group, option = chance.choice(GROUPS), chance.choice(OPTIONS)
    prefix = chance.choice(("+", "++", "~", "~+"))
    kinds = (
        lambda: [f"{garbled(key, chance)}={value}"],
        lambda: [f"{key}={garbled(value, chance)}"],
        lambda: [f"{key}={chance.choice(VALUES)}"],
        lambda: [f"{key}={chance.choice(VALUES)}"],
        lambda: [f"{prefix}{key}={chance.choice(VALUES)}"],
        lambda: [f"~{key}"],
        lambda: [f"{group}={garbled(option, chance)}"],
        lambda: [f"{garbled(group, chance)}={option}"],
        lambda: [f"{group}={option}"],
        lambda: [f"{key}={value}", f"{key}={chance.choice(VALUES)}"],
        lambda: [f"stage={chance.choice((garbled(chance.choice(STAGES), chance), chance.choice(STAGES)))}"],
        lambda: [chance.choice(STRANGE)],
        lambda: [f"{key}"],
    )
    return kinds[chance.randrange(len(kinds))]()


def lines(count: int, seed: int) -> Iterator[list[str]]:
    """So many command lines, the same for the same seed."""
    chance = random.Random(seed)
    with initialize(version_base="1.3", config_path=None):
        composed = {name: compose("config", overrides=[f"recipe={name}"]) for name in ("smoke", "tunnel")}
    keys = {name: list(leaves(OmegaConf.to_container(config, resolve=True))) for name, config in composed.items()}
    for _ in range(count):
        recipe = chance.choice(("smoke", "smoke", "tunnel"))
        flags = ["-m"] if chance.random() < 0.3 else []
        many = ["pretrain_mix=none,ldq"] if flags and chance.random() < 0.7 else []
        mistakes = [part for _ in range(chance.choice((1, 1, 2, 3))) for part in mistake(keys[recipe], chance)]
        yield [*flags, f"recipe={recipe}", *many, *mistakes]


def outcome(line: list[str]) -> tuple[str, str]:
    """What came of a line - accepted, answered, refused or broken - and what it said on standard error."""
    said = io.StringIO()
    GlobalHydra.instance().clear()
    sys.argv = ["frontload", *line]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            door_module.main()
            code = 0
        except _AcceptedError:
            return "accepted", said.getvalue()
        except SystemExit as left:
            code = left.code
        except BaseException:  # noqa: BLE001 - whatever comes out is what is looked for
            return "broken", traceback.format_exc()
    told = said.getvalue()
    if code == 0:
        return "answered", told
    complaints = [each for each in told.splitlines() if not each.startswith(("usage:", " "))]
    is_one_line = len(complaints) == 1 and complaints[0].startswith(("frontload: ", "frontload: error: "))
    return ("refused" if code == 2 and is_one_line and "Traceback" not in told else "broken"), told


def main(count: int, seed: int, first: int) -> int:
    """Try the lines from the first one on, `count` of them in all; 0 if none was broken."""
    register()
    door_module.register = lambda: None  # once is enough: reading all files takes longer than a line
    Runner.build = accept  # pyright: ignore[reportAttributeAccessIssue]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number, line in enumerate(islice(lines(first + count, seed), first, None), start=first + 1):
            kind, said = outcome([*line, "tracking=off"])
            counts[kind] += 1
            if kind == "broken":
                print(f"line {number}: {line}\n{said[-1500:]}\n", flush=True)
            if counts.total() % 25 == 0 or counts.total() == count:
                print(f"{counts.total()} lines, {first + 1} to {number} of seed {seed}: {dict(counts)}", flush=True)
        left = [path.name for path in Path(folder).iterdir() if path.name != "runs"]
    print(f"left in the folder: {left or 'nothing'}")
    return int(counts["broken"] > 0)


if __name__ == "__main__":
    asked = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("lines", type=int, nargs="?", default=1000)
    asked.add_argument("seed", type=int, nargs="?", default=0)
    asked.add_argument("--from", type=int, default=0, dest="first", metavar="N", help="lines of the seed to pass over")
    given = asked.parse_args()
    sys.exit(main(given.lines, given.seed, given.first))
