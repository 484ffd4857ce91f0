"""What the corpora are, and what the mixes made of them: cards side by side, asked against obtained.

Reads `card.json` of curate, `plan.json` of mix (core.plan.MixPlan) and the ledgers of the training stages, whose
counts come from the loader after packing, cropping and masking.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from pipeline.core.ledger import SourceUse
from pipeline.core.plan import MixPlan
from pipeline.report.figures.draw import Drawing
from pipeline.report.figures.histograms import corpus_histograms
from pipeline.report.results import ArmResult, StageResult

MAX_BARS = 20  # a histogram with more keys is told by their number alone

MIX_COLUMNS = [
    "line", "phase", "seed", "corpus", "unit", "asked_share", "obtained_share", "planned", "obtained",
    "planned_passes", "obtained_passes", "tolerance", "padding_share", "cropped_share",
]  # fmt: skip


def cards(results: Sequence[ArmResult]) -> pd.DataFrame:
    """corpus, seed, characteristic, value: one row a number of each corpus's card, text aside.

    Measured cards (`measure:`) come after curation, with sizes before it and drops; without one, what curation counted.
    """
    rows: list[tuple[str, int, str, float]] = []
    measured = _distinct(results, "measure:")
    names = {(key.partition(":")[2], stage.seed) for key, stage in measured}
    counted = [item for item in _distinct(results, "curate:") if (item[0].partition(":")[2], item[1].seed) not in names]
    for key, stage in (*measured, *counted):
        card = _side_by_side(orjson.loads((stage.folder / "card.json").read_bytes()))
        rows += [
            (key.partition(":")[2], stage.seed, name.removeprefix("characteristics: "), value)
            for name, value in _flatten(card, "")
        ]
    return pd.DataFrame(rows, columns=["corpus", "seed", "characteristic", "value"])


def mixes(results: Sequence[ArmResult]) -> pd.DataFrame:
    """MIX_COLUMNS for each training artifact and corpus. Shares are of the plan's unit, from 0 to 1."""
    rows: list[tuple[Any, ...]] = []
    for key, stage in _distinct(results, ("pretrain:", "sft")):
        mix_key = "mix:sft" if key == "sft" else key.replace("pretrain:", "mix:")
        plan_stage = _beside(results, stage, mix_key)
        if plan_stage is None:
            continue
        plan = MixPlan.load(plan_stage.folder / "plan.json")
        obtained = {source.corpus: _obtained(plan, stage, source.corpus) for source in plan.sources}
        total = sum(obtained.values()) or 1
        for source in plan.sources:
            share, count = obtained[source.corpus] / total, obtained[source.corpus]
            names = (stage.label, key, stage.seed, source.corpus, plan.unit, source.share, share)
            use = stage.ledger.sources.get(source.corpus, SourceUse())
            packed = (plan.tolerance(source), _part(use.padding_tokens, use), _part(use.cropped_tokens, use))
            rows.append((*names, source.planned, count, source.passes, use.passes, *packed))
    return pd.DataFrame(rows, columns=MIX_COLUMNS)


def _part(tokens: int, use: SourceUse) -> float:
    """Padding or cropped tokens as a part of the tokens that the corpus gave."""
    return tokens / use.tokens if use.tokens else 0.0


def _obtained(plan: MixPlan, stage: StageResult, corpus: str) -> int:
    use = stage.ledger.sources.get(corpus, SourceUse())
    return use.tokens if plan.unit == "tokens" else use.loss_tokens


def _beside(results: Sequence[ArmResult], stage: StageResult, key: str) -> StageResult | None:
    """The stage under `key` in an arm that holds this training stage."""
    holders = (arm for arm in results if any(other.folder == stage.folder for other in arm.stages.values()))
    return next((arm.stages[key] for arm in holders if key in arm.stages), None)


def _distinct(results: Sequence[ArmResult], prefix: str | tuple[str, ...]) -> list[tuple[str, StageResult]]:
    """Stages whose key starts so, each artifact once, in the order of the arms."""
    found = {
        stage.folder: (key, stage) for arm in results for key, stage in arm.stages.items() if key.startswith(prefix)
    }
    return list(found.values())


def histograms(results: Sequence[ArmResult], folder: Path) -> Drawing | None:
    """Tokens a document, tokens a trace and steps a trace of each measured corpus's first seed; None without a card."""
    found: dict[str, Any] = {}
    for key, stage in _distinct(results, "measure:"):
        card = orjson.loads((stage.folder / "card.json").read_bytes())
        found.setdefault(key.partition(":")[2], card["after"])
    return corpus_histograms(found, folder) if found else None


def _side_by_side(card: dict[str, Any]) -> dict[str, Any]:
    """Of a measured card what it is like now, what it was before, and what was dropped; histograms are drawn apart."""
    if "after" not in card:
        return card
    curation = {"read": card["curation"].get("read", {}), "dropped": card["curation"]["dropped"]}
    return {**_without_histograms(card["after"]), "before curation": card["before"]["size"], "curation": curation}


def _without_histograms(value: dict[str, Any]) -> dict[str, Any]:
    parts = {key: part for key, part in value.items() if key != "histogram"}
    return {key: _without_histograms(part) if isinstance(part, dict) else part for key, part in parts.items()}


def _flatten(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Numbers of nested JSON under dotted names; a long histogram becomes the number of its keys."""
    if isinstance(value, bool | int | float):
        yield name, float(value)
    elif isinstance(value, dict) and len(value) > MAX_BARS and name:
        yield f"{name} (distinct)", float(len(value))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _flatten(part, f"{name}: {key}" if name else str(key))
