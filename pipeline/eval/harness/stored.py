"""Completions on file, read and scored by the harness's own filters and scorers as if a model had just said them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.utils import handle_stop_sequences, postprocess_generated_text
from lm_eval.utils import handle_non_serializable, hash_string

from pipeline.core.chat import END, UNTHINK
from pipeline.eval.harness.reading import Said
from pipeline.eval.harness.rows import benchmark_rows
from pipeline.eval.rows import Row
from pipeline.tasks.harness.fit import generation_of
from pipeline.tasks.harness.load import Loaded
from pipeline.tasks.harness.task import LocalTask
from pipeline.tasks.stored import Asked, Stored


@dataclass(frozen=True, slots=True)
class Place:
    """A problem of a benchmark."""

    task: LocalTask
    number: int  # in the task


def asked_of(loaded: Loaded) -> tuple[list[Asked], list[Place]]:
    """Every problem of a benchmark: what a completion may call it, and where it stands."""
    places = [Place(task, number) for task in loaded.tasks.values() for number in range(len(task.eval_docs))]
    return [_asked(place, number) for number, place in enumerate(places)], places


def _asked(place: Place, number: int) -> Asked:
    """By our rows' id, by its short form, and by any text of the row, such as GSM8K's `question`."""
    doc: Any = place.task.eval_docs[place.number]
    short = f"{place.task.task_name}-{place.number}"
    texts = [value for value in doc.values() if isinstance(value, str)]
    return Asked(id=short, number=number, texts=(f"{short}-{_hash(doc)[:8]}", *texts))


def stored_rows(
    loaded: Loaded, pairs: Sequence[tuple[Stored, Place]], strip_thoughts: bool, advance: Callable[[int], object]
) -> list[Row]:
    """A row for each completion, in order, without its suite and sample. advance: told of each that is scored."""
    rows: list[Row] = []
    for stored, place in pairs:
        text = _as_said(stored.completion, place.task, strip_thoughts)
        logged = _logged(place, text)
        said = {place.number: Said(text, stored.completion, 0)}
        (row,) = benchmark_rows(loaded.label, loaded.asked, place.task, logged, said)
        rows.append({**row, "generated_tokens": None})
        advance(1)
    return rows


def _as_said(completion: str, task: LocalTask, strip_thoughts: bool) -> str:
    """What the harness would have been given: up to a stop text, behind the thought if the suite says so."""
    text = completion.partition(END)[0]
    stops = handle_stop_sequences(generation_of(task).get("until"), eos=None)
    return postprocess_generated_text(text, stops, UNTHINK if strip_thoughts else None)


def _logged(place: Place, text: str) -> list[dict[str, Any]]:
    """One completion under each filter, as `simple_evaluate` logs it."""
    task: Any = place.task
    doc = task.eval_docs[place.number]
    prompt = task.doc_to_text(doc)
    instance = Instance("generate_until", doc, (prompt, {}), 0, (task.task_name, place.number, 1), resps=[text])
    task._instances = [instance]  # where the harness's own filters look
    task.apply_filters()
    logged: list[dict[str, Any]] = []
    for name, answer in instance.filtered_resps.items():
        metrics = task.process_results(doc, [answer])
        entry = {"doc_id": place.number, "doc": doc, "doc_hash": _hash(doc), "target": task.doc_to_target(doc)}
        entry |= {"arguments": [(prompt, {})], "resps": [[text]], "filtered_resps": [answer], "filter": name}
        logged.append({**entry, "metrics": list(metrics), **metrics})
    return logged


def _hash(doc: Any) -> str:
    """As the harness logs it."""
    return str(hash_string(json.dumps(doc, indent=2, default=handle_non_serializable, ensure_ascii=False)))
