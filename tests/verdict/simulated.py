"""Checkpoints with scores whose truth is known, written as eval rows; and the claims about them."""

from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from pipeline.core.ledger import Ledger, SourceUse
from pipeline.verdict.config import Claim, Claims
from pipeline.verdict.results import Measured, StageUse

DIFFERS = ("data", "loss_tokens", "unique_tokens", "repetition", "reasoning_tokens")


def claim(contrast="ldq - none", *, after="pretrain", expects="above", **fields):
    return Claim.model_validate(
        {"says": "so", "contrast": contrast, "after": after, "expects": expects, "matters": 5, "differs": DIFFERS}
        | fields
    )


def claims(**each):
    return Claims(sweep="test", claims=each, planned_seeds=8)


def use(
    key="eval", *, fingerprint="f", tokens=1000, device="cpu", torch="2.13", loss_tokens=500, sources=None, **counts
):
    ledger = Ledger(input_tokens=tokens, loss_tokens=loss_tokens, sources=sources or {}, flops=6.0 * tokens, **counts)
    return StageUse(
        key=key,
        ledger=ledger,
        fingerprint=fingerprint,
        content="c",
        commit="abc",
        device=device,
        torch=torch,
        started_at="2026-01-01T00:00:00+00:00",
        seconds=1.0,
    )


def checkpoint(
    root: Path,
    name: str,
    seed: int,
    shares: dict[str, float],
    *,
    rate: float | None = None,
    is_common=True,
    held_out=("odd",),
    holds=None,
    stages=None,
    bits=1.0,
    problems=20,
    missing=(),
    golds=str,
) -> Measured:
    """shares: family to the share of its problems that are right: the first ones, so that nothing is drawn.

    golds: each problem's answer by its number; all different, so that guessing helps little, unless told otherwise.
    """
    folder = root / f"{name}-{seed}-{rate}".replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "suite": "world",
            "task": task,
            "problem": f"{task}-{seed}-{index}",
            "kind": "greedy",
            "domain": "math" if task < "m" else "science",
            "held_out": task in held_out,
            "lookup": task == "lookup",
            "correct": index < round(share * problems),
            "well_formed": True,
            "gold_probability": np.nan,
            "gold": golds(index),
            "chance": 0.0,
        }
        for task, share in shares.items()
        for index in range(problems)
    ]
    pd.DataFrame(rows).to_parquet(folder / "rows.parquet")
    (folder / "summary.json").write_bytes(orjson.dumps({"bits_per_byte": {"base": bits}}))
    trained = stages if stages is not None else (use("pretrain:branch", fingerprint=f"p{name}{seed}"),)
    return Measured(
        names=(name,),
        seed=seed,
        rate=rate if rate is not None else (3e-4 if " > " in name else None),
        is_common=is_common,
        rows=folder / "rows.parquet",
        summary=folder / "summary.json",
        stages=(*trained, use(fingerprint=f"e{name}{seed}{rate}")),
        missing=missing,
        base=frozenset({"base"}),
        holds=holds or {},
    )


def arms(root: Path, **levels):
    """Checkpoints by name with one share a seed, in one trained family."""
    return [
        checkpoint(root, name, seed, {"a": share})
        for name, shares in levels.items()
        for seed, share in enumerate(shares)
    ]


def source(tokens, passes=1.0, unique=100_000):
    return SourceUse(tokens=tokens, loss_tokens=tokens // 2, documents=10, unique_tokens=unique, passes=passes)
