"""Whether eval can be done - prompts fit the model, code can be isolated -, found before all the training.

A word is a token or more, whatever the tokenizer; so the count of words is a bound that is cheap to have. For
the world's tokenizer it is exact; for others the eval stage itself counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError
from pipeline.lm.generation.backends import require_backend
from pipeline.study.config.schema import Study
from pipeline.study.graph import world_key
from pipeline.study.nodes.node import Node
from pipeline.tasks.absent import absent_of
from pipeline.tasks.sandbox.ready import require_sandbox
from pipeline.tasks.suite import Suite, load_suite

NUM_MARKS = 2  # of the user and of the assistant


def check_prompts(studies: Iterable[Study]) -> None:
    """Raises UserError for an arm whose longest prompt leaves no room for `eval.max_new_tokens`."""
    for study in studies:
        if study.context.checkpoint:
            continue  # its own context counts, and the eval stage asks it first of all
        needed, context = study.eval.max_new_tokens, study.model.max_position_embeddings
        root = study.context.data_root
        suites = [suite for suite in study.eval.suites if suite.harness is None]  # the harness's cut what is too long
        suites = [suite for suite in suites if absent_of(suite, root) is None]
        longest = max((_longest_prompt(suite.model_dump_json(), world_key(study), root) for suite in suites), default=0)
        if longest + needed > context:
            raise UserError(
                f"eval.max_new_tokens={needed} and a prompt of at least {longest} tokens are over "
                f"model.max_position_embeddings={context}; lower the former or raise the latter"
            )


def check_sandbox(todo: Iterable[Node]) -> None:
    """Raises UserError where an eval that is to be done runs code, and this machine cannot isolate it."""
    if any(suite.get("code") and suite["code"]["benchmark"] != "cruxeval" for node in todo for suite in _suites(node)):
        require_sandbox()


def check_backend(todo: Iterable[Node]) -> None:
    """Raises UserError where an eval that is to be done asks for vLLM, and this machine cannot run it."""
    for node in todo:
        if node.stage == "eval":
            require_backend(node.literals["config"]["engine"])


def _suites(node: Node) -> Sequence[Mapping[str, Any]]:
    return node.literals["config"]["suites"] if node.stage == "eval" else []


@lru_cache(maxsize=64)
def _longest_prompt(suite: str, study_key: str, data_root: Path | None) -> int:
    problems = load_suite(Suite.model_validate_json(suite), study_key=study_key, data_root=data_root)
    return max(len(f"{problem.prompt} {problem.opening}".split()) + NUM_MARKS for problem in problems)
