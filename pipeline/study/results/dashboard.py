"""The page as a W&B report: the same words, tables and curves, from the page's own `report.json`.

Built with wandb-workspaces, which needs no server for it; only saving does. Run sets name no project: W&B then takes
the report's own. A figure cannot be sent as a file, so the learning curves are drawn by W&B from the runs.
"""

import netrc
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from pipeline.study.run.wandb_run import PROJECT, Tracking

_HOST = "https://api.wandb.ai"  # W&B's own default
_PANELS = (
    ("Loss", "tokens_seen", ("loss",)),
    ("Learning rate", "tokens_seen", ("lr",)),
    ("Tokens a second", "tokens_seen", ("tokens_per_second",)),
)
MOST_ROWS = 60  # of a table; the rest stands on the page


def missing(tracking: Tracking) -> list[str]:
    """What stands between the report and W&B, each with its remedy; empty: nothing does."""
    wanted = {
        "tracking is not online: give tracking=online": tracking == "online",
        "wandb-workspaces is not installed: pip install wandb-workspaces": find_spec("wandb_workspaces") is not None,
        "no key: set WANDB_API_KEY, or log in with `wandb login`": _has_key(),
    }
    return [says for says, is_there in wanted.items() if not is_there]


def build(spec: Mapping[str, Any], entity: str) -> Any:
    """The report as wandb-workspaces has it. spec: of `report.json`; entity: the W&B user or team."""
    wr = _library()
    blocks: list[Any] = [wr.TableOfContents()]
    for title, text in _texts(spec):
        blocks += [wr.H2(text=title)] if title else []
        blocks += [wr.MarkdownBlock(text=text)] if text else []
        if title == "Learning curves" and spec["runs"]:
            blocks.append(_curves(spec["runs"]))
    return wr.Report(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        entity=entity,
        title=f"{spec['title']} ({spec['sweep']})"[:128],
        description=spec["question"],
        blocks=blocks,
        width="fluid",
    )


def as_markdown(spec: Mapping[str, Any]) -> str:
    """The same report as one Markdown text, for wherever W&B does not reach."""
    parts = [f"# {spec['title']}"]
    for title, text in _texts(spec):
        parts += [f"## {title}"] if title else []
        parts += [text] if text else []
    return "\n\n".join(parts) + "\n"


def _texts(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(heading, Markdown): the answer, then every section with its unfolded tables."""
    yield "Answer", "\n\n".join([f"*{spec['question']}*", *spec["answer"], *filter(None, [spec["note"]])])
    for section in spec["sections"]:
        yield section["title"], section["says"]
        for table in section["tables"]:
            if not table["folded"]:
                yield "", _table(table)


def _table(table: Mapping[str, Any]) -> str:
    lines = [f"**{table['caption']}**", "", markdown_table(table["columns"], table["rows"][:MOST_ROWS])]
    if len(table["rows"]) > MOST_ROWS:
        lines += ["", f"{len(table['rows']) - MOST_ROWS} more rows on the page."]
    return "\n".join(lines)


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown has it."""
    return "\n".join([_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _curves(runs: Sequence[Mapping[str, Any]]) -> Any:
    """Panels over the training runs behind the page, one run set a stage; seeds of an arm share its group."""
    wr = _library()
    stages = list(dict.fromkeys(run["stage"] for run in runs))
    return wr.PanelGrid(
        runsets=[wr.Runset(name=stage, filters=_filter(stage, runs), groupby=["group"]) for stage in stages],
        panels=[wr.LinePlot(title=title, x=x, y=list(y)) for title, x, y in _PANELS],
    )


def _filter(stage: str, runs: Sequence[Mapping[str, Any]]) -> str:
    ids = [run["id"] for run in runs if run["stage"] == stage]
    return f"ID in {ids!r}"


def _library() -> Any:
    """wandb-workspaces, which is an extra: whoever lacks it can check and run all the rest."""
    return import_module("wandb_workspaces.reports.v2")


def _has_key() -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", _HOST)).hostname or ""
    path = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
