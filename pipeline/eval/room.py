"""Whether what is asked fits the model, found before anything is generated."""

from collections.abc import Sequence

from pipeline.core.errors import UserError
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.rows import Question


def check_room(config: Eval, examinee: Examinee, questions: Sequence[Question]) -> None:
    """Raise UserError if the longest prompt leaves no room for `max_new_tokens` in the model's positions."""
    longest = max(questions, key=lambda question: len(question.prompt), default=None)
    if longest is not None and len(longest.prompt) + config.max_new_tokens > examinee.context:
        raise UserError(
            f"problem {longest.problem.id} has {len(longest.prompt)} tokens; with eval.max_new_tokens="
            f"{config.max_new_tokens} it is over the model's {examinee.context} positions; lower it, or raise "
            "model.max_position_embeddings"
        )


def check_format(config: Eval, examinee: Examinee) -> None:
    """Raise UserError if a probe is asked of a model with another chat format: probes write in the study's own."""
    for suite in config.suites:
        if suite.is_probe and not examinee.is_ours:
            raise UserError(
                f"suite {suite.name!r} is a probe in the study's own chat format, which this checkpoint's tokenizer "
                "does not have; leave it out for this checkpoint"
            )
