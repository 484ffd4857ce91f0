"""The table of an eval: who was asked what, and a row for every completion (`core.scores.SCORE_SCHEMA`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.chat import END, UNTHINK
from pipeline.eval.examinee import NO_TOKEN, Examinee
from pipeline.lm.generation.generate import Said
from pipeline.tasks.score import Score, TaskProblem

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A problem of a suite, as token ids."""

    suite: str
    problem: TaskProblem
    prompt: list[int]


def make_row(question: Question, kind: str, completion: str, num_tokens: int, score: Score) -> Row:
    """A row without its sample number and probabilities."""
    problem = question.problem
    return {
        "suite": question.suite,
        "task": problem.task,
        "problem": problem.id,
        "sample": 0,
        "kind": kind,
        "domain": problem.domain,
        "depth": problem.depth,
        "template": problem.template,
        "structure": problem.structure,
        "held_out": problem.held_out,
        "lookup": problem.is_lookup,
        "chance": 1 / len(problem.choices) if problem.choices else None,
        "prompt_hash": blake2b(problem.prompt.encode(), digest_size=8).hexdigest(),
        "completion": completion,
        "answer": score.answer,
        "gold": problem.answer,
        "correct": score.correct,
        "well_formed": score.well_formed,
        "gold_probability": None,
        "gold_logprob": None,
        "generated_tokens": num_tokens,
        "cut": END not in completion,
        "error": score.error,
        "outcome": score.outcome,
        "tried": list(score.tried) if score.outcome else None,
    }


def answer_logprob(examinee: Examinee, said: Said, score: Score) -> float | None:
    """Log-probability (nats) of the model's own answer in its slot, the end mark not included.

    None for an answer that is not well-formed, and where a thought could not be told from the answer.
    """
    start = examinee.answer_start(said.tokens) if examinee.ids[UNTHINK] != NO_TOKEN else None
    if start is None or not score.well_formed:
        return None
    stop = next(place for place, token in enumerate(said.tokens) if token in examinee.ends)
    return float(sum(said.logprobs[start:stop]))


def write_table(path: Path, rows: Sequence[Row], schema: Any) -> pd.DataFrame:
    """Write rows as Parquet by a pyarrow schema, and return them as they will be read."""
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, path, compression="zstd")
    return table.to_pandas()
