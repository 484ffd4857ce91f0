"""The world's tasks as a folder that anyone can give to `lm_eval --include_path`, for any model.

One YAML and one JSONL a family, groups over them, `utils.py` (`world_utils`) which reads and scores, and a README
with the command. The prompts are those of our own suite, and so are the scores: `tests/eval/test_world_both_ways.py`
holds both ways equal on one checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml

from pipeline.tasks.harness import world_utils
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.world.dials import VERSION as WORLD_VERSION

VERSION = 2  # of the scorer and the YAMLs; raised when the same completion would get another score
PREFIX = "frontload"
METRICS = ("correct", "well_formed", "last_word")


def publish_world(problems: Sequence[TaskProblem], max_new_tokens: int, out: Path) -> None:
    """Write the folder. problems: of the world; max_new_tokens: the longest completion, as our own suite asks it."""
    families: dict[str, list[TaskProblem]] = {}
    for problem in problems:
        families.setdefault(problem.task, []).append(problem)
    for family, asked in families.items():
        rows = [orjson.dumps(_row(problem, max_new_tokens)) for problem in asked]
        (out / f"{family}.jsonl").write_bytes(b"\n".join(rows) + b"\n")
        _write_yaml(out / f"{family}.yaml", _task(family, max_new_tokens))
    for group, members in _groups(families).items():
        _write_yaml(out / f"_{group}.yaml", _group(group, members))
    source = Path(world_utils.__file__).read_text(encoding="utf-8")
    (out / "utils.py").write_text(source, encoding="utf-8")
    (out / "README.md").write_text(_README, encoding="utf-8")


def _row(problem: TaskProblem, max_new_tokens: int) -> dict[str, Any]:
    assert bool(problem.choices) != problem.is_text, f"{problem.id}: neither a word nor words in a form"
    return {
        "id": problem.id,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "form": problem.form,
        "choices": list(problem.choices),
        "depth": problem.depth,
        "template": problem.template,
        "held_out": problem.held_out,
        "max_words": max_new_tokens,
    }


def _task(family: str, max_new_tokens: int) -> dict[str, Any]:
    return {
        "task": f"{PREFIX}_{family}",
        "custom_dataset": _Function("utils.load"),
        "dataset_kwargs": {"family": family},
        "output_type": "generate_until",
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": max_new_tokens},
        "process_results": _Function("utils.process_results"),
        "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in METRICS],
        "num_fewshot": 0,
        "metadata": {"version": f"{VERSION}.{WORLD_VERSION}"},
    }


def _groups(families: Mapping[str, Sequence[TaskProblem]]) -> dict[str, list[str]]:
    """The headline's families, those that no corpus trains, and the control of the format, as in our summary."""
    groups: dict[str, list[str]] = {}
    for family, problems in families.items():
        kind = "lookup_control" if problems[0].is_lookup else "held_out" if problems[0].held_out else "world"
        groups.setdefault(f"{PREFIX}_{kind}", []).append(f"{PREFIX}_{family}")
    return groups


def _group(name: str, members: Sequence[str]) -> dict[str, Any]:
    metrics = [{"metric": metric, "weight_by_size": True} for metric in METRICS]
    version = f"{VERSION}.{WORLD_VERSION}"
    return {"group": name, "task": list(members), "aggregate_metric_list": metrics, "metadata": {"version": version}}


class _Function(str):
    """A name in `utils.py`, as the harness's YAML calls it."""


class _Dumper(yaml.SafeDumper):
    """Plain YAML, and functions."""


def _represent(dumper: yaml.SafeDumper, value: _Function) -> yaml.Node:
    return dumper.represent_scalar("!function", str(value))


_Dumper.add_representer(_Function, _represent)


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, width=120), encoding="utf-8")


_README = """# Frontload's world for lm_eval

Problems with exact answers, one task a family. Any model, with EleutherAI's harness (0.4.12 or newer):

    lm_eval run --model hf --model_args pretrained=CHECKPOINT --include_path THIS_FOLDER \\
        --tasks frontload_world --apply_chat_template --batch_size 64

`frontload_world` holds the families that a study's corpora train, `frontload_held_out` those that none does, and
`frontload_lookup_control` questions that need no reasoning, only the format.

`correct`: a thought at most, then one word, the right one; of `frontload_instruct` the words in the form that is asked
for. `well_formed`: the form alone. `last_word`: the last word of whatever was written (as many as the answer has), for
models that were not taught the form; leave out `--apply_chat_template` for one without a
template.
"""
