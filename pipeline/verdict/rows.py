"""The tables that a verdict leaves: plain text and numbers, so that whoever draws them needs nothing of this room."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.verdict.inference import estimate
from pipeline.verdict.judged import Judged

COLUMNS = [
    "claim", "says", "primary", "paper", "effect", "low", "high", "p_holm", "verdict", "seeds", "needs_seeds",
    "matters", "matched", "differs", "unmatched", "metric", "group", "after", "note", "expects", "contrast", "against",
    "sd", "unit", "elsewhere",
]  # fmt: skip
CONTRAST_COLUMNS = ["claim", "part", "contrast", "seed", "rates", "value"]


def row_of(judged: Judged) -> dict[str, Any]:
    """COLUMNS. effect, low, high, matters, paper: in `unit`; p_holm: of an exploratory claim its uncorrected p.

    Lists are joined by "; ". Numbers that do not exist are None.
    """
    claim, decision = judged.claim, judged.decision
    found = decision.estimate
    return {
        "claim": judged.name,
        "says": claim.says,
        "primary": claim.primary,
        "paper": claim.paper,
        "effect": _number(found.mean),
        "low": _number(found.low),
        "high": _number(found.high),
        "p_holm": _number(decision.p),
        "verdict": decision.verdict,
        "seeds": found.seeds,
        "needs_seeds": decision.needs_seeds,
        "matters": claim.matters,
        "matched": "; ".join(claim.matched),
        "differs": "; ".join(claim.differs),
        "unmatched": "; ".join(judged.unmatched),
        "metric": claim.metric,
        "group": claim.group,
        "after": claim.after,
        "note": "; ".join(filter(None, (judged.note, _parts(judged), claim.note, *sorted(judged.drift)))),
        "expects": claim.expects,
        "contrast": "; ".join(claim.contrast),
        "against": claim.against,
        "sd": _number(found.sd),
        "elsewhere": claim.elsewhere,
        "unit": "bits per byte" if claim.metric == "bits_per_byte" else "points",
    }


def contrast_rows(judged: Judged) -> Iterator[dict[str, Any]]:
    """CONTRAST_COLUMNS, a row a part, seed and choice of learning rates (common, or each cell's best)."""
    for kind, measured in (("common", judged.at_common), ("best", judged.at_best)):
        if measured is None:
            continue
        for number, (text, values) in enumerate(zip(judged.claim.contrast, measured.values, strict=True)):
            yield from _of_part(judged.name, number, text, kind, values)


def _of_part(claim: str, part: int, contrast: str, kind: str, values: Mapping[int, float]) -> Iterator[dict[str, Any]]:
    for seed, value in values.items():
        yield {"claim": claim, "part": part, "contrast": contrast, "seed": seed, "rates": kind, "value": value}


def _parts(judged: Judged) -> str:
    """Every part's effect, where there are several."""
    if len(judged.claim.contrast) == 1 or not judged.at_common.values[0]:
        return ""
    effects = [estimate(list(values.values())).mean for values in judged.at_common.values]
    return ", ".join(f"{text}: {mean:+.1f}" for text, mean in zip(judged.claim.contrast, effects, strict=True))


def _number(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN
