"""Why a benchmark cannot be asked here, or must not be: one line that names it, or nothing."""

from collections.abc import Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError
from pipeline.tasks.harness.config import HarnessTask
from pipeline.tasks.harness.local import files_of, how_to_get
from pipeline.tasks.harness.needs import NEEDS
from pipeline.tasks.harness.task import NO_METRICS, LocalTask

_UNKNOWN_SAMPLING = ("top_p", "top_k", "min_p", "num_beams", "repetition_penalty")
MAX_GEN_TOKS = 256  # new tokens where neither the task nor the suite says how many: the harness's default


def installed() -> str:
    """The harness as people name it."""
    return f"lm_eval {version_of('lm_eval')}"


def what_lacks(asked: HarnessTask, data_root: Path | None) -> str:
    """What is missing of its data and needs; empty: nothing."""
    if asked.dataset:
        if data_root is None:
            return f"its data set {asked.dataset} is looked for below data_root, which is not set; give data_root=PATH"
        if not files_of(asked.dataset, data_root):
            return f"its data set {asked.dataset} is not below data_root; {asked.get or how_to_get(asked.dataset)}"
    if NEEDS.get(asked.dataset) == "sandbox":
        from pipeline.tasks.sandbox.ready import require_sandbox

        try:
            require_sandbox()
        except UserError as error:
            return str(error)
    return ""


def what_differs(asked: HarnessTask, version: str, tasks: Mapping[str, LocalTask]) -> str:
    """Why it must not be run as it is; empty: it may. Raises UserError where the suite names what the task has not."""
    if asked.version is not None and version not in (str(asked.version), f"{asked.version:g}"):
        found = f"its version is {version} in {installed()}, and the suite pins {asked.version:g}"
        return f"{found}, so that scores would not compare; install the pinned harness or change the pin"
    for name, task in tasks.items():
        _check_names(name, task, asked)
        reason = _what_is_unsafe(task, asked) or _what_sampling(task) or _what_examples(task)
        if reason:
            return f"task {name} {reason}"
    return ""


def what_is_too_long(tasks: Mapping[str, LocalTask], context: int) -> str:
    """Why a model with so many positions cannot be asked; empty: it can."""
    for name, task in tasks.items():
        longest = generation_of(task).get("max_gen_toks", MAX_GEN_TOKS)
        if task.OUTPUT_TYPE == "generate_until" and longest >= context:
            asks = f"task {name} asks for {longest} new tokens of a model with {context} positions"
            return f"{asks}; lower max_gen_toks, its own or the suite's"
    return ""


def what_is_unknown(tasks: Mapping[str, LocalTask], tokenizer: Any) -> str:
    """Why a tokenizer that knows whole words only cannot read the problems; empty: it can."""
    if type(getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)).__name__ != "WordLevel":
        return ""
    vocabulary = tokenizer.get_vocab()
    for name, task in tasks.items():
        unknown = [word for word in str(task.doc_to_text(task.eval_docs[0])).split() if word not in vocabulary]
        if unknown:
            return f"task {name} has words that the checkpoint's closed vocabulary lacks, such as {unknown[0]!r}"
    return ""


def generation_of(task: LocalTask) -> dict[str, Any]:
    """How its completions are made; empty where it asks for none."""
    return dict(task.get_config("generation_kwargs") or {}) if task.OUTPUT_TYPE == "generate_until" else {}


def _what_is_unsafe(task: LocalTask, asked: HarnessTask) -> str:
    is_unsafe = getattr(task, "UNSAFE_CODE", False) and NEEDS.get(asked.dataset) != "sandbox"
    return "runs what a model wrote by itself, outside our sandbox; choose another task" if is_unsafe else ""


def _what_sampling(task: LocalTask) -> str:
    asks = [key for key, value in generation_of(task).items() if key in _UNKNOWN_SAMPLING and value != 1]
    return f"samples with {', '.join(asks)}, which is not done here; give a `temperature` in the suite" if asks else ""


def _what_examples(task: LocalTask) -> str:
    shots = task.get_config("num_fewshot") or 0
    if not shots or len(list(task.fewshot_docs())) >= shots:
        return ""
    return f"has no {shots} solved examples below data_root; lower num_fewshot, or get its other splits"


def _check_names(name: str, task: LocalTask, asked: HarnessTask) -> None:
    if asked.filter not in task.filter_names:
        raise UserError(f"task {name!r} has no filter {asked.filter!r}; it has {', '.join(task.filter_names)}")
    metrics = [metric for metric in task.aggregation() if metric not in NO_METRICS]
    if asked.metric not in metrics and not asked.metric.startswith("pass@"):  # these are named by their scorer only
        raise UserError(f"task {name!r} has no metric {asked.metric!r}; it has {', '.join(metrics)}")
    if asked.samples > 1 and task.OUTPUT_TYPE != "generate_until":
        raise UserError(f"task {name!r} weighs given answers, and {asked.samples} samples would be equal; ask for 1")
