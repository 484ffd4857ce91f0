"""`stage=tell`: a sweep's results as they stand in `RESULTS.md`, beside the folder of committed results.

Writes figures (SVG and PNG) into the sweep's folder there, and between two marks of the page the figures, the verdicts
beside the paper's numbers and an independent study's, and the grid. What stands outside the marks is by hand and is
left alone: the same line again gives the same bytes. All that is said comes from the page and the verdicts
(`publish.draw_page`, `judging`): nothing is computed here.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.files import write_atomically
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.results.dashboard import markdown_table
from pipeline.study.results.judging import verdict_artifact
from pipeline.study.results.publish import draw_page
from pipeline.study.terminal import say

Arm = tuple[Point, Study]
Row = Mapping[str, Any]
PAGE = "RESULTS.md"
FIGURES = ("verdicts", "response", "grid", "gaps", "domains")  # of the page, in this order, where it has them
TABLES = ("grid_accuracy",)
_HEADS = ("claim", "says", "paper", "elsewhere", "here", "95 %", "seeds", "verdict")
_NOTHING = "Nothing of this sweep was evaluated yet."


def tell(arms: Sequence[Arm], console: Console) -> None:
    """Write the sweep's part of the page. Raises UserError without a sweep."""
    study = arms[0][1]
    if study.sweep is None:
        raise UserError("stage=tell writes the results of a sweep; give sweep=NAME")
    root, name = study.context.results, study.sweep.name
    artifact = verdict_artifact(arms) if study.sweep.claims else None
    text = "\n\n".join(_told(arms, artifact.folder, root / name)) if artifact else _NOTHING
    page = root.parent / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    before = page.read_text(encoding="utf-8") if page.exists() else "# Results\n"
    write_atomically(page, put(before, name, f"## {study.sweep.says or name}\n\n{text}").encode())
    say(console, f"{page}: {name}")


def put(page: str, name: str, text: str) -> str:
    """The page with a text between the marks of a name; at its end where it has no such marks."""
    begin, end = (f"<!-- {name}: {word} -->" for word in ("begin", "end"))
    block = f"{begin}\n{text}\n{end}"
    head, found, rest = page.partition(begin)
    if not found:
        return f"{page.rstrip()}\n\n{block}\n"
    _, closed, tail = rest.partition(end)
    if not closed:
        raise UserError(f"{PAGE} has `{begin}` without `{end}`; put the latter where the part by hand goes on")
    return f"{head}{block}{tail}"


def _told(arms: Sequence[Arm], verdicts: Path, folder: Path) -> Iterator[str]:
    page = draw_page(arms).folder
    spec = orjson.loads((page / "report.json").read_bytes())
    judged = orjson.loads((verdicts / "verdicts.json").read_bytes())
    age = orjson.loads((verdicts / "claims.json").read_bytes())
    seeds = sorted({study.seed for _, study in arms})
    yield f"Seeds {', '.join(map(str, seeds))}. Claims {age['hash'][:12]}: {age['says']}. {_rates(judged)}"
    yield from spec["answer"]
    tables = {table["name"]: table for section in spec["sections"] for table in section["tables"]}
    figures = {figure["name"]: figure for section in spec["sections"] for figure in section["figures"]}
    for name in (name for name in FIGURES if name in figures):
        _copy(page / "figures", folder / "figures", name)
        yield f"![{figures[name]['alt']}]({folder.parent.name}/{folder.name}/figures/{name}.svg)"
        yield figures[name]["caption"]
    yield markdown_table(_HEADS, [_row(row) for row in judged["verdicts"]])
    for name in (name for name in TABLES if name in tables):
        yield f"**{tables[name]['caption']}**"
        yield markdown_table(tables[name]["columns"], tables[name]["rows"])


def _rates(judged: Mapping[str, Any]) -> str:
    """At which SFT learning rates the claims were judged."""
    claims = ", ".join(judged["at_best_rates"])
    if not claims:
        return "Judged at the common SFT learning rate only: pilots at others are not run."
    return f"Judged at the common SFT learning rate; at each cell's best on pilots too: {claims}."


def _copy(page: Path, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("svg", "png"):
        shutil.copyfile(page / f"{name}.{kind}", folder / f"{name}.{kind}")


def _row(row: Row) -> list[str]:
    form = "+.3f" if row["unit"] != "points" else "+.1f"
    span = "" if row["low"] is None else f"{row['low']:{form}} .. {row['high']:{form}}"
    count = row["needs_seeds"]
    more = f" (needs about {count} more seed{'s' * (count != 1)})" if count else ""
    group = "" if row["group"] == "trained" else f" ({row['group']})"
    return [
        f"**{row['claim']}**" if row["primary"] else row["claim"],
        f"{row['says']}{group}",
        _number(row["paper"], form),
        row["elsewhere"],
        _number(row["effect"], form),
        span,
        str(row["seeds"]),
        f"{row['verdict']}{more}{'; not matched: ' + row['unmatched'] if row['unmatched'] else ''}",
    ]


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
