"""The eval stage: every problem of every suite put to one checkpoint, whatever trained it.

Reads a checkpoint, suites, the held-out shards of encoded corpora. Writes `rows.parquet` (a row for each
completion: greedy ones, sampled traces, samples for pass@k), `bits.parquet` (a row for each held-out document) and
`summary.json` (`summary.summarise` of the rows, `bits_per_byte` by corpus, `probes` and
`benchmarks` by suite where some are asked, `missing` where a suite's file was not there: suite to what it lacks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import torch

from pipeline.core.ledger import Ledger
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.track import Tracker
from pipeline.eval.benchmarks import BENCHMARK, open_benchmarks, summarise_benchmarks
from pipeline.eval.bits import BITS_SCHEMA, bits_per_byte, bits_rows
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.executed import check_isolation, count_programs, summarise_runs
from pipeline.eval.graded import choose, graded_rows
from pipeline.eval.greedy import greedy_rows
from pipeline.eval.opening import open_examinee
from pipeline.eval.parts import Parts
from pipeline.eval.probes import PROBE_KINDS, open_probe, summarise_probes
from pipeline.eval.room import check_format, check_room
from pipeline.eval.rows import Question, write_table
from pipeline.eval.sampled import sample_rows
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

    heldout: encoded corpora by name. Equal arguments give equal bytes on one machine, also where a killed run left
    its parts in `out`.
    Raises UserError for a checkpoint that cannot be asked (`opening.open_examinee`), a missing benchmark file, and
    prompts that do not fit the model's context with `max_new_tokens` behind them.
    """
    torch.set_num_threads(config.threads)
    parts = Parts.below(out, config.part_size)
    examinee = open_examinee(
        checkpoint, config.batch_size, parts=parts, engine=config.engine, vllm_dtype=config.vllm_dtype
    )
    questions = _ask(config, examinee, study_key, data_root)
    graded = choose(questions, config.graded_problems, study_key, "graded")
    sampled = choose(questions, config.sampled_problems or len(questions), study_key, "sampled")
    probes = [open_probe(config, examinee, s, study_key, data_root) for s in config.suites if s.is_probe]
    asked_by_probes = sum(probe.num_completions for probe in probes)
    repeated = [*config.traces * graded, *config.samples * sampled]
    with open_benchmarks(config.suites, examinee, study_key, data_root) as benchmarks:
        asked = len(questions) + len(repeated) + asked_by_probes + count_programs([*questions, *repeated])
        counter = _Counter(track, asked + sum(each.num_completions for each in benchmarks))
        rows = greedy_rows(config, examinee, questions, counter.advance)
        rows += graded_rows(config, examinee, graded, study_key, counter.advance)
        rows += sample_rows(config, examinee, sampled, study_key, counter.advance)
        rows += [row for probe in probes for row in probe.rows(counter.advance)]
        rows = [{**row, "engine": examinee.completer.name} for row in rows]
        rows += [row for each in benchmarks for row in each.rows(counter.advance)]
    scores = write_table(out / "rows.parquet", rows, SCORE_SCHEMA)
    bits = write_table(out / "bits.parquet", bits_rows(config, examinee, heldout), BITS_SCHEMA)
    answered = scores[~scores["kind"].isin((*PROBE_KINDS, BENCHMARK))]
    summary = {**summarise(answered, config.asked_ks), "bits_per_byte": bits_per_byte(bits)}
    if config.missing:
        summary["missing"] = {absent.suite: absent.reason for absent in config.missing}
    if probes:
        summary["probes"] = summarise_probes(scores, config.suites)
    if benchmarks:
        summary["benchmarks"] = summarise_benchmarks(scores, benchmarks)
    if scores["outcome"].notna().any():
        summary["sandbox"] = summarise_runs(scores)
    (out / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    parts.clear()
    return examinee.used.plus(documents=len(bits))


def _ask(config: Eval, examinee: Examinee, study_key: str, data_root: Path | None) -> list[Question]:
    """All problems of all suites but the probes and the harness's, as prompts that fit."""
    questions = [
        Question(suite.name, problem, examinee.encode_prompt(problem.prompt))
        for suite in config.suites
        if not suite.is_probe and suite.harness is None
        for problem in load_suite(suite, study_key=study_key, data_root=data_root)
    ]
    check_format(config, examinee)
    check_room(config, examinee, questions)
    check_isolation(questions)
    return questions


@dataclass(slots=True)
class _Counter:
    """Problems done, told to the tracker; a graded problem counts once a trace, a program that is run once more."""

    track: Tracker
    total: int
    done: int = 0

    def advance(self, count: int) -> None:
        self.done += count
        self.track.progress(self.done, self.total, "problems")
