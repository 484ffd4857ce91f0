"""The eval stage: every problem of every suite put to one checkpoint, whatever trained it.

Reads a checkpoint, suites, the held-out shards of encoded corpora. Writes `rows.parquet` (a row for each
completion: greedy ones and sampled traces), `bits.parquet` (a row for each held-out document) and
`summary.json` (`summary.summarise` of the rows, and `bits_per_byte` by corpus).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import torch

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.track import Tracker
from pipeline.eval.bits import BITS_SCHEMA, bits_per_byte, bits_rows
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee, open_examinee
from pipeline.eval.graded import choose_graded, graded_rows
from pipeline.eval.greedy import greedy_rows
from pipeline.eval.rows import Question, write_table
from pipeline.eval.summary import summarise
from pipeline.tasks.suite import load_suite


def evaluate(
    config: Eval,
    checkpoint: Path,
    heldout: Mapping[str, Path],
    *,
    study_key: str,
    data_root: Path | None,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Examine a checkpoint and write what it said and what it is worth into `out`.

    heldout: encoded corpora by name. Equal arguments give equal bytes on one machine.
    Raises UserError for a checkpoint without tokenizer or chat template, a missing benchmark file, and
    prompts that do not fit the model's context with `max_new_tokens` behind them.
    """
    torch.set_num_threads(config.threads)
    examinee = open_examinee(checkpoint, config.batch_size)
    questions = _ask(config, examinee, study_key, data_root)
    graded = choose_graded(questions, config.graded_problems, study_key)
    counter = _Counter(track, len(questions) + config.traces * len(graded))
    rows = greedy_rows(config, examinee, questions, counter.advance)
    rows += graded_rows(config, examinee, graded, study_key, counter.advance)
    scores = write_table(out / "rows.parquet", rows, SCORE_SCHEMA)
    bits = write_table(out / "bits.parquet", bits_rows(config, examinee, heldout), BITS_SCHEMA)
    summary = {**summarise(scores), "bits_per_byte": bits_per_byte(bits)}
    (out / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    return examinee.used.plus(documents=len(bits))


def _ask(config: Eval, examinee: Examinee, study_key: str, data_root: Path | None) -> list[Question]:
    """All problems of all suites as prompts that fit."""
    questions = [
        Question(suite.name, problem, examinee.encode_prompt(problem.prompt))
        for suite in config.suites
        for problem in load_suite(suite, study_key=study_key, data_root=data_root)
    ]
    _check_context(questions, config.max_new_tokens, examinee.context)
    return questions


def _check_context(questions: Sequence[Question], max_new_tokens: int, context: int) -> None:
    longest = max(questions, key=lambda question: len(question.prompt), default=None)
    if longest is not None and len(longest.prompt) + max_new_tokens > context:
        raise UserError(
            f"problem {longest.problem.id} has {len(longest.prompt)} tokens; with eval.max_new_tokens={max_new_tokens} "
            f"it is over the model's {context} positions; lower it, or raise model.max_position_embeddings"
        )


@dataclass(slots=True)
class _Counter:
    """Problems done, told to the tracker; a graded problem counts once a trace."""

    track: Tracker
    total: int
    done: int = 0

    def advance(self, count: int) -> None:
        self.done += count
        self.track.progress(self.done, self.total, "problems")
