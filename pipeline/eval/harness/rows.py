"""What the harness logged of one run, as rows of `core.scores`: one for each problem and sample."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import orjson

from pipeline.core.errors import UserError
from pipeline.eval.benchmarks import BENCHMARK
from pipeline.eval.harness.reading import Said
from pipeline.eval.rows import Row
from pipeline.tasks.harness.config import HarnessTask
from pipeline.tasks.harness.task import ERROR, NO_METRICS, PROGRAMS, LocalTask
from pipeline.tasks.sandbox.outcome import Outcome

_NOT_FOUND = "[invalid]"  # what the harness's filters say where they find no answer

Logged = Mapping[str, Any]  # one problem under one filter, as `simple_evaluate` logs it


def benchmark_rows(
    label: str, asked: HarnessTask, task: LocalTask, logged: Sequence[Logged], said: Mapping[int, Said]
) -> list[Row]:
    """Rows of one task in one run, without their suite and sample.

    logged: each problem once for each filter. said: the completion of each problem; empty where none was asked for.
    Raises UserError where the suite's metric is none that the task gives.
    """
    problems: dict[int, dict[str, Logged]] = {}
    for entry in logged:
        problems.setdefault(int(entry["doc_id"]), {})[str(entry["filter"])] = entry
    rows: list[Row] = []
    for number, by_filter in problems.items():
        main = by_filter[asked.filter]
        metrics = dict(_metrics(by_filter))
        scored = _scored(asked, task, metrics)
        found = _chosen(asked, task, main) if task.OUTPUT_TYPE == "multiple_choice" else _found(main, said[number])
        rows.append({**_identity(label, asked, task, main), **found, **_verdict(main, found, scored, metrics)})
    return rows


def _metrics(by_filter: Mapping[str, Logged]) -> Iterator[tuple[str, Any]]:
    """Each of the harness's metrics of one problem, by `metric,filter`."""
    for name, entry in by_filter.items():
        for metric in entry["metrics"]:
            if metric not in NO_METRICS:
                yield f"{metric},{name}", entry[metric]


def _scored(asked: HarnessTask, task: LocalTask, metrics: Mapping[str, Any]) -> float:
    key = f"{asked.metric},{asked.filter}"
    if key not in metrics:
        raise UserError(
            f"task {task.task_name!r} gives no {key!r} but {', '.join(metrics)}; correct the suite's metric"
        )
    return float(metrics[key])


def _identity(label: str, asked: HarnessTask, task: LocalTask, entry: Logged) -> Row:
    prompt = str(entry["arguments"][0][0])
    return {
        "task": label,
        "problem": f"{task.task_name}-{entry['doc_id']}-{entry['doc_hash'][:8]}",
        "kind": BENCHMARK,
        "domain": asked.domain,
        "depth": 0,
        "template": "",
        "structure": "",
        "held_out": False,
        "lookup": False,
        "prompt_hash": blake2b(prompt.encode(), digest_size=8).hexdigest(),
        "harness_task": f"{task.task_name}@{task.VERSION}",
    }


def _verdict(entry: Logged, found: Row, scored: float, metrics: Mapping[str, Any]) -> Row:
    """Correct is what the suite's metric gives full marks."""
    is_lost = found["well_formed"] is False
    error = entry.get(ERROR) or ("the filter found no answer" if is_lost else None)
    return {
        "score": scored,
        "correct": scored >= 1.0,
        "metrics": orjson.dumps(metrics, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
        "error": error,
        **_run(entry.get(PROGRAMS) or [], error),
    }


def _run(outcomes: Sequence[Outcome], error: str | None) -> Row:
    """Of an answer that was run: whether it is a program, what became of it, and its attempts to get out."""
    if not outcomes:
        return {}
    (outcome,) = outcomes  # samples are runs of their own
    failure = None if outcome.passed else f"{outcome.kind}: {outcome.detail}"
    found = {"well_formed": outcome.compiled, "outcome": outcome.kind, "tried": list(outcome.tried)}
    return {**found, "error": error or failure}


def _found(entry: Logged, said: Said) -> Row:
    """Of a completion: what was said, and the answer that the filter read out of it."""
    answer = entry["filtered_resps"][0]
    text = str(answer[0] if isinstance(answer, list) and answer else answer)
    is_found = text != _NOT_FOUND
    return {
        "completion": said.whole,
        "generated_tokens": said.num_tokens,
        "answer": text if is_found else None,
        "gold": str(entry["target"]),
        "well_formed": is_found,
        "chance": None,
    }


def _chosen(asked: HarnessTask, task: LocalTask, entry: Logged) -> Row:
    """Of a choice among given ones: the likeliest, as the suite's metric ranks them."""
    choices = [str(choice) for choice in task.doc_to_choice(entry["doc"])]
    logprobs = np.array([response[0][0] for response in entry["resps"]][: len(choices)])
    lengths = np.array([float(len(choice)) for choice in choices]) if asked.metric == "acc_norm" else 1.0
    gold = _gold(task, entry, choices)
    return {
        "completion": "",
        "generated_tokens": 0,
        "answer": choices[int(np.argmax(logprobs / lengths))],
        "gold": choices[gold],
        "well_formed": True,
        "chance": 1 / len(choices),
        "gold_logprob": float(logprobs[gold]),
        "choice_logprobs": logprobs.tolist(),
    }


def _gold(task: LocalTask, entry: Logged, choices: Sequence[str]) -> int:
    """Number of the right choice; the first of several."""
    target = task.doc_to_text(entry["doc"]) if task.multiple_input else entry["target"]
    first = target[0] if isinstance(target, list) else target
    return int(first) if isinstance(first, int) else choices.index(str(first))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set) else str(value)
