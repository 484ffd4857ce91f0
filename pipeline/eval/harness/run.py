"""The benchmarks of a suite on one model: `lm_eval.simple_evaluate` in process, a row for each problem and sample.

Seeds are the harness's defaults, written out, so that plain `lm_eval` draws the same examples.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from statistics import fmean
from typing import Any

from pipeline.core.seeds import Key
from pipeline.eval.examinee import Examinee
from pipeline.eval.harness.asking import Asking
from pipeline.eval.harness.model import ExamineeLM
from pipeline.eval.harness.rows import benchmark_rows
from pipeline.eval.rows import Row
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.harness.fit import what_is_too_long, what_is_unknown
from pipeline.tasks.harness.load import Loaded, Missing, load_task
from pipeline.tasks.harness.offline import offline

Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmarks:
    """A suite's benchmarks, those that can be asked and those that cannot."""

    name: str
    suite: HarnessSuite
    examinee: Examinee
    study_key: Key
    loaded: Sequence[Loaded]
    missing: Sequence[Missing]

    @property
    def num_completions(self) -> int:
        """Problems, those that are sampled once for each sample."""
        return sum(count_problems(loaded, self.suite.limit) * loaded.asked.samples for loaded in self.loaded)

    def rows(self, advance: Advance) -> list[Row]:
        """A row for each problem and sample, benchmark by benchmark."""
        return [row for loaded in self.loaded for row in self._ask(loaded, advance)]

    def _ask(self, loaded: Loaded, advance: Advance) -> list[Row]:
        """One run for each sample; the first generates for all."""
        asking = Asking(
            key=(self.study_key, "benchmark", self.name, loaded.label),
            samples=loaded.asked.samples,
            strip_thoughts=self.suite.strip_thoughts,
            num_problems=count_problems(loaded, self.suite.limit),
            advance=advance,
        )
        model = ExamineeLM(self.examinee, asking)
        rows: list[Row] = []
        for run in range(loaded.asked.samples):
            asking.sample = run
            of_run = _rows_of_run(loaded, _evaluate(model, loaded, self.suite), asking)
            shared = {"suite": self.name, "sample": run + 1 if loaded.asked.temperature else 0}
            engine = self.examinee.completer.name
            rows += [{**row, **shared, "engine": engine if row["generated_tokens"] else None} for row in of_run]
        return rows


@contextmanager
def open_suite(
    name: str, suite: HarnessSuite, examinee: Examinee, study_key: Key, data_root: Path | None
) -> Generator[Benchmarks]:
    """Load what can be asked of a model with so many positions; the network is off until it closes.

    Raises UserError where the suite contradicts the harness.
    """
    with offline() as scratch:
        loaded: list[Loaded] = []
        missing: list[Missing] = []
        for label in suite.tasks:
            found = load_task(label, suite, data_root, scratch)
            if isinstance(found, Loaded):
                reason = what_is_too_long(found.tasks, examinee.context)
                reason = reason or what_is_unknown(found.tasks, examinee.tokenizer)
                found = Missing(label=label, asked=found.asked, reason=reason) if reason else found
            _put(found, loaded, missing)
        yield Benchmarks(name=name, suite=suite, examinee=examinee, study_key=study_key, loaded=loaded, missing=missing)


def _put(found: Loaded | Missing, loaded: list[Loaded], missing: list[Missing]) -> None:
    if isinstance(found, Loaded):
        loaded.append(found)
    else:
        missing.append(found)


def count_problems(loaded: Loaded, limit: int | None) -> int:
    """How many problems a benchmark has, or as many as are asked."""
    counts = [len(task.eval_docs) for task in loaded.tasks.values()]
    return sum(counts if limit is None else [min(limit, count) for count in counts])


def _evaluate(model: ExamineeLM, loaded: Loaded, suite: HarnessSuite) -> dict[str, Any]:
    import lm_eval

    harness: Any = lm_eval  # its decorators hide the signature
    results = harness.simple_evaluate(
        model=model,
        tasks=[loaded.whole],
        task_manager=loaded.manager,
        limit=suite.limit,
        bootstrap_iters=0,
        log_samples=True,
        apply_chat_template=suite.apply_chat_template,
        confirm_run_unsafe_code=True,  # `load_task` lets only such code through as runs in our sandbox
        random_seed=0,
        numpy_random_seed=1234,
        torch_random_seed=1234,
        fewshot_random_seed=suite.seed,
    )
    assert results is not None, "there is one rank"
    return {**results}


def _rows_of_run(loaded: Loaded, results: dict[str, Any], asking: Asking) -> list[Row]:
    """Rows of all its tasks; what they say together is what the harness says."""
    rows: list[Row] = []
    key = f"{loaded.asked.metric},{loaded.asked.filter}"
    for name, task in loaded.tasks.items():
        said = {number: texts[asking.sample] for (owner, number), texts in asking.said.items() if owner == name}
        of_task = benchmark_rows(loaded.label, loaded.asked, task, results["samples"][name], said)
        ours = fmean(row["score"] for row in of_task)
        theirs = float(results["results"][name][key])
        assert isclose(ours, theirs, abs_tol=1e-9), f"{name}: {key} is {theirs} in the harness, {ours} in the rows"
        rows += of_task
    return rows
