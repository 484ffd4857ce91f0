"""A sweep as a page shows it, drawn from a keyed stream: all kinds of stages, several seeds, a verdict of each kind.

Numbers are made up and follow from their names alone, so that equal calls give equal bytes.
"""

import random
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from report_arms import stage, structure, write_curve, write_documents

from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.report.results import ArmResult, StageResult

FAMILIES = {
    "chains": "math", "story": "math", "grid": "code", "swaps": "code", "isa": "logic", "relations": "logic",
    "units": "science", "food": "science", "lookup": "general", "compare": "math", "containment": "logic",
}  # fmt: skip
HELD_OUT = ("compare", "containment")
SKILL = {"none": 0.16, "shq": 0.24, "ldq": 0.36, "lmq": 0.39}
GAIN = {"": 0.0, "shq": 0.17, "ldq": 0.06, "lmq": 0.08, "alf": 0.12}
CORPORA = {"none": {}, "shq": {"shq": 1.0}, "ldq": {"ldq": 1.0}, "lmq": {"ldq": 0.75, "shq": 0.25}}
PROBLEMS = 12  # a family
RL_GAIN = 0.05


MIXES, SFTS = ("none", "shq", "ldq", "lmq"), ("shq", "ldq", "lmq")
VERDICTS = (
    ("C1", "any reasoning data in pretraining helps", 8.4, 9.1, 6.0, 12.2, "supported", "", True),
    ("C3", "breadth beats quality in pretraining", 9.1, 11.2, 7.5, 14.8, "supported", "repetition 1.2 / 6.1", True),
    ("C20", "the gap grows from stage to stage", None, -4.4, -7.2, -1.4, "contradicted", "", True),
    ("C4", "clean data added to broad data changes nothing", -0.02, 1.9, -1.2, 4.8,
     "no difference within the margin", "", False),
    ("C8", "twice the SFT does not catch up", 3.3, 2.0, -9.0, 13.1, "undecided", "flops 1e12 / 2e12", False),
    ("C15", "scaling mixed SFT data hurts", -4.9, None, None, None, "not run", "", False),
)  # fmt: skip


def judged(root: Path) -> Path:
    """A verdict artifact with a verdict of each kind."""
    folder = root / "verdict" / "made-up"
    folder.mkdir(parents=True, exist_ok=True)
    names = ["claim", "says", "paper", "effect", "low", "high", "verdict", "unmatched", "primary"]
    frame = pd.DataFrame(VERDICTS, columns=names).assign(seeds=3, matched="tokens; loss_tokens", differs="diversity")
    frame.to_parquet(folder / "verdicts.parquet", index=False)
    return folder


def gallery(root: Path, seeds=(0, 1, 2), mixes=MIXES, sfts=SFTS) -> list[ArmResult]:
    """Arms of a mixes x sfts grid; two of them with RL, and one point beside the grid."""
    arms = [_arm(root, seed, mix, sft) for seed in seeds for mix in mixes for sft in sfts]
    arms += [_arm(root, seed, mixes[0], sfts[0], passes="2") for seed in seeds]
    arms += [_arm(root, seed, mix, sfts[0], rl=True) for seed in seeds for mix in (mixes[0], mixes[-1])]
    return arms


def _arm(root: Path, seed: int, mix: str, sft: str, *, passes: str = "", rl: bool = False) -> ArmResult:
    column = f"{passes}x {sft}" if passes else sft
    name = f"{mix} > {column}"
    corpora = ["base", *CORPORA[mix]]
    stages = {f"curate:{corpus}": _curated(root, corpus, seed) for corpus in {*corpora, sft} & {"base", "shq", "ldq"}}
    stages = dict(sorted(stages.items()))
    stages |= {f"tokenize:{each}": stage(root, f"tokenize:{each}", each, seed) for each in sorted({*corpora, "shq"})}
    stages["mix:trunk"] = _planned(root, "trunk", seed, {"base": 1.0})
    stages["pretrain:trunk"] = _trained(root, "pretrain:trunk", "trunk", seed, {"base": 1.0}, 1.7e6, 3.6)
    shares = {"base": 0.5 if CORPORA[mix] else 1.0} | {each: 0.5 * share for each, share in CORPORA[mix].items()}
    stages["mix:branch"] = _planned(root, f"branch-{mix}", seed, shares)
    stages["pretrain:branch"] = _trained(root, "pretrain:branch", f"branch-{mix}", seed, shares, 2.6e6, 1.9)
    stages["eval:pretrain"] = _scored(root, "eval:pretrain", mix, seed, SKILL[mix], 0.6 if mix == "none" else 0.97)
    parts = {"lmq": {"ldq": 0.75, "shq": 0.25}}.get(sft, {sft: 1.0})
    stages["mix:sft"] = _planned(root, f"sft-{sft}", seed, parts)
    stages["sft"] = _trained(root, "sft", name, seed, parts, 0.3e6, 0.9)
    skill = SKILL[mix] + GAIN[sft] * (1.2 if passes else 1.0)
    stages["eval:sft"] = _scored(root, "eval:sft", name, seed, skill, 0.99)
    if rl:
        stages["rl"] = stage(
            root, "rl", f"{name} > rl", seed, seconds=90.0, ledger=Ledger(generated_tokens=900_000, flops=2e12)
        )
        stages["eval:rl"] = _scored(root, "eval:rl", f"{name} > rl", seed, skill + RL_GAIN, 1.0)
    command = f"frontload pretrain_mix={mix} sft_mix={sft} seed={seed}" + (f" sft.passes={passes}" if passes else "")
    return ArmResult(
        name=f"{name} > rl" if rl else name,
        pretrain_mix=mix,
        sft_mix=sft,
        overrides={"sft.passes": passes} if passes else {},
        seed=seed,
        command=command,
        stages=stages,
        missing=(),
    )


def _curated(root: Path, corpus: str, seed: int) -> StageResult:
    made = stage(root, f"curate:{corpus}", corpus, seed, seconds=2.0)
    stream = _stream(corpus, seed)
    card = {
        "kept": {"documents": 4000},
        "characteristics": {"mean_steps": round(2 + stream.random(), 3), "by_style": {"terse": 40, "verbose": 60}},
    }
    (made.folder / "card.json").write_bytes(orjson.dumps(card))
    names = [f"{corpus} {seed} {number}" for number in range(40)]
    write_documents(made.folder, [structure("train", each) for each in names], [structure("test", names[0])])
    return made


def _planned(root: Path, name: str, seed: int, shares: dict[str, float]) -> StageResult:
    made = stage(root, "mix", name, seed, seconds=0.1)
    sources = tuple(
        PlannedSource(
            corpus=corpus, share=share, unit_per_document=60.0, num_documents=4000, unique_tokens=240_000,
            planned=round(1e6 * share), passes=1e6 * share / 240_000,
        )
        for corpus, share in shares.items()
    )  # fmt: skip
    plan = MixPlan(
        budget=1_000_000, unit="tokens", loss="all", sequence_length=144, block_rows=16, stream_key="k", sources=sources
    )
    plan.save(made.folder / "plan.json")
    return made


def _trained(root: Path, key: str, name: str, seed: int, shares, tokens: float, loss: float) -> StageResult:
    stream = _stream(key, name, seed)
    drawn = {corpus: share * (1 + 0.01 * stream.uniform(-1, 1)) for corpus, share in shares.items()}
    uses = {
        corpus: SourceUse(
            tokens=round(share * tokens), loss_tokens=round(share * tokens), passes=share * tokens / 240_000
        )
        for corpus, share in drawn.items()
    }
    ledger = Ledger(input_tokens=round(tokens), loss_tokens=round(tokens), flops=5e6 * tokens, sources=uses)
    made = stage(root, key, name, seed, seconds=tokens / 15_000, ledger=ledger)
    write_curve(made.folder, [loss * (1 + 2 / (step + 1)) + stream.uniform(-0.03, 0.03) for step in range(30)])
    curve = pq.read_table(made.folder / "curve.parquet").to_pandas()
    curve["tokens_seen"] = [round(tokens * (step + 1) / 30) for step in range(30)]
    curve.to_parquet(made.folder / "curve.parquet")
    _carded(made.folder / "model", shares, ledger)
    return made


def _carded(folder: Path, shares: dict[str, float], ledger: Ledger) -> None:
    """What a training stage leaves beside its weights for their card."""
    folder.mkdir(exist_ok=True)
    stretch = {
        "kind": "SFT", "loss": "answers", "unit": "tokens", "budget": 1, "asked": shares, "ledger": ledger.to_json(),
        "optimizer": {"kind": "adamw", "lr": 1e-3}, "schedule": {"kind": "wsd"}, "precision": "fp32", "batch_rows": 8,
        "sequence_length": 144,
    }  # fmt: skip
    about = {"model": {"model_type": "lfm2", "parameters": 800_000}, "stretches": [stretch]}
    (folder / "training.json").write_bytes(orjson.dumps(about))


def _scored(root: Path, key: str, name: str, seed: int, skill: float, form: float) -> StageResult:
    made = stage(root, key, f"{name} {key}", seed, seconds=15.0, ledger=Ledger(generated_tokens=40_000, flops=1e11))
    stream = _stream(key, name, seed)
    rows = [
        _row(task, index, seed, skill + 0.04 * stream.uniform(-1, 1), form, stream)
        for task in FAMILIES
        for index in range(PROBLEMS)
    ]
    rows += [graded for row in rows if row["problem"].endswith("-0") for graded in _graded(row, skill, stream)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), made.folder / "rows.parquet")
    bits = 1.1 + 0.1 * stream.random()
    (made.folder / "summary.json").write_bytes(orjson.dumps({"bits_per_byte": {"base": bits}}))
    return made


def _row(task: str, index: int, seed: int, skill: float, form: float, stream: random.Random) -> dict:
    depth = 0 if task == "lookup" else 1 + index % 6
    chance = 0.95 if task == "lookup" else max(skill * (1.5 - depth / 7) * (0.5 if task in HELD_OUT else 1), 0.0)
    is_formed = stream.random() < form
    is_correct = is_formed and stream.random() < chance
    return {
        "suite": "world", "task": task, "problem": f"{task}-{seed}-{index}", "sample": 0, "kind": "greedy",
        "domain": FAMILIES[task], "depth": depth, "held_out": task in HELD_OUT, "lookup": task == "lookup",
        "gold": str(index % 5), "answer": "1" if is_formed else None, "correct": is_correct, "well_formed": is_formed,
        "generated_tokens": 30,
    }  # fmt: skip


def _graded(row: dict, skill: float, stream: random.Random) -> list[dict]:
    return [row | {"kind": "graded", "sample": 1 + n, "gold_probability": skill * stream.random()} for n in range(2)]


def _stream(*names: object) -> random.Random:
    return random.Random("/".join(map(str, names)))
