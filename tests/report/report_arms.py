"""Hand-made arms: tiny artifacts whose numbers can be counted by eye."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.report.results import ArmResult, StageResult

Marks = Mapping[str, str]  # task -> one letter a problem: C correct, w wrong, x not well-formed


TRAINED = ("0" * 15 + "a", "0" * 14 + "14", "0" * 14 + "14")  # structures of the training documents; two are one


def stage(root: Path, key: str, name: str, seed: int = 0, *, stale=(), seconds=1.0, ledger=None) -> StageResult:
    folder = root / key.partition(":")[0] / f"{name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text("{}")
    return StageResult(
        stage=key.partition(":")[0],
        label=name,
        fingerprint=f"{key}-{name}-{seed}".ljust(24, "0"),
        folder=folder,
        content="c" * 12,
        ledger=ledger or Ledger(),
        wall_seconds=seconds,
        stale=stale,
        seed=seed,
        commit="abcdef1234567",
    )


def structure(split: str, name: str) -> str:
    """16 hex digits that the rule puts into a split, the same for the same name."""
    tenth = {"train": 0, "dev": 8, "test": 9}[split]
    return f"{10 * int.from_bytes(name.encode()[-6:]) + tenth:016x}"


def write_documents(folder: Path, trained: Sequence[str], held_out: Sequence[str] = ()):
    """Curated documents, of which the page reads the structures."""
    for name, structures in (("documents", trained), ("heldout", held_out)):
        pq.write_table(pa.table({"structure": pa.array(structures, pa.string())}), folder / f"{name}.parquet")


def write_scores(folder: Path, marks: Marks, *, held_out=("odd",), graded: Mapping[str, Sequence[float]] | None = None):
    rows = []
    for task, letters in marks.items():
        for index, letter in enumerate(letters):
            rows.append(_row(task, index, letter, held_out=task in held_out))
    for task, probabilities in (graded or {}).items():
        for sample, probability in enumerate(probabilities):
            rows.append(_row(task, 0, "w") | {"kind": "graded", "sample": sample + 1, "gold_probability": probability})
    pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), folder / "rows.parquet")
    (folder / "summary.json").write_bytes(orjson.dumps({"bits_per_byte": {"base": 1.5}}))


def _row(task: str, index: int, letter: str, *, held_out: bool = False) -> dict:
    return {
        "suite": "world",
        "task": task,
        "problem": f"{task}-{index}",
        "sample": 0,
        "kind": "greedy",
        "domain": "math",
        "depth": 1 + index % 2,
        "structure": structure("test", f"{task}{index}"),
        "held_out": held_out,
        "lookup": task == "lookup",
        "gold": str(index),
        "answer": None if letter == "x" else "1",
        "correct": letter == "C",
        "well_formed": letter != "x",
        "generated_tokens": 3,
    }


def write_curve(folder: Path, losses: Sequence[float]):
    steps = range(1, len(losses) + 1)
    rows = {"step": steps, "tokens_seen": [100 * s for s in steps], "loss": losses, "lr": [1e-3] * len(losses)}
    pd.DataFrame(rows).to_parquet(folder / "curve.parquet")


def write_plan(folder: Path, shares: Mapping[str, float], budget: int = 1000):
    sources = tuple(
        PlannedSource(
            corpus=corpus,
            share=share,
            unit_per_document=10.0,
            num_documents=50,
            unique_tokens=500,
            planned=round(budget * share),
            passes=budget * share / 500,
        )
        for corpus, share in shares.items()
    )
    plan = MixPlan(
        budget=budget, unit="tokens", loss="all", sequence_length=16, block_rows=4, stream_key="k", sources=sources
    )
    plan.save(folder / "plan.json")


def arm(
    root: Path,
    pretrain: str,
    sft: str,
    before: Marks,
    after: Marks | None,
    seed: int = 0,
    *,
    passes="",
    stale=(),
    graded=None,
) -> ArmResult:
    """One arm, all its stages written; `after` None: its SFT is not built yet."""
    column = f"{passes}x {sft}" if passes else sft
    name = f"{pretrain} > {column}"
    use = {"base": SourceUse(tokens=600, loss_tokens=590, passes=1.2)}
    ledgers = Ledger(input_tokens=600, flops=6e3, sources=use), Ledger(input_tokens=400, flops=4e3)
    stages = {
        "curate:base": stage(root, "curate:base", "base", seed, seconds=2.0),
        "mix:trunk": stage(root, "mix:trunk", "trunk", seed, seconds=0.0),
        "pretrain:trunk": stage(root, "pretrain:trunk", "trunk", seed, seconds=10.0, ledger=ledgers[0]),
        "pretrain:branch": stage(root, "pretrain:branch", pretrain, seed, seconds=20.0, ledger=ledgers[1]),
        "eval:pretrain": stage(root, "eval:pretrain", pretrain, seed, seconds=3.0),
    }
    card = {"kept": {"documents": 50}, "characteristics": {"mean_steps": 2.5, "by_style": {"terse": 20, "verbose": 30}}}
    (stages["curate:base"].folder / "card.json").write_bytes(orjson.dumps(card))
    write_documents(stages["curate:base"].folder, ["", *TRAINED], [structure("test", "text")])
    write_plan(stages["mix:trunk"].folder, {"base": 1.0})
    write_curve(stages["pretrain:trunk"].folder, [5.0, 4.0])
    write_curve(stages["pretrain:branch"].folder, [3.5, 3.0])
    write_scores(stages["eval:pretrain"].folder, before, graded=graded)
    if after is not None:
        stages["sft"] = stage(root, "sft", name, seed, seconds=5.0, stale=stale, ledger=Ledger(input_tokens=50))
        stages["eval:sft"] = stage(root, "eval:sft", name, seed, seconds=3.0)
        write_curve(stages["sft"].folder, [2.0, 1.5])
        write_scores(stages["eval:sft"].folder, after, graded=graded)
    return ArmResult(
        name=name,
        pretrain_mix=pretrain,
        sft_mix=sft,
        overrides={"sft.passes": passes} if passes else {},
        seed=seed,
        command=f"frontload pretrain_mix={pretrain} sft_mix={sft} seed={seed}",
        stages=stages,
        missing=() if after is not None else ("sft", "eval:sft"),
    )
