"""Whether eval prompts fit the model, found before anything is computed instead of after all the training.

A word is a token or more, whatever the tokenizer; so the count of words is a bound that is cheap to have. For
the world's tokenizer it is exact; for others the eval stage itself counts.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.study.graph import world_key
from pipeline.study.schema import Study
from pipeline.tasks.suite import Suite, load_suite

NUM_MARKS = 2  # of the user and of the assistant


def check_prompts(studies: Iterable[Study]) -> None:
    """Raises UserError for an arm whose longest prompt leaves no room for `eval.max_new_tokens`."""
    for study in studies:
        needed, context = study.eval.max_new_tokens, study.model.max_position_embeddings
        root = study.context.data_root
        longest = max(_longest_prompt(suite.model_dump_json(), world_key(study), root) for suite in study.eval.suites)
        if longest + needed > context:
            raise UserError(
                f"eval.max_new_tokens={needed} and a prompt of at least {longest} tokens are over "
                f"model.max_position_embeddings={context}; lower the former or raise the latter"
            )


@lru_cache(maxsize=64)
def _longest_prompt(suite: str, study_key: str, data_root: Path | None) -> int:
    problems = load_suite(Suite.model_validate_json(suite), study_key=study_key, data_root=data_root)
    return max(len(problem.prompt.split()) + NUM_MARKS for problem in problems)
