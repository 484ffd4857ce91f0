"""How a suite is asked with `ask: thinking`: every problem twice, with thinking on and with thinking off.

On: the model goes on from an opened `<think>`. Off: it may say anything but `<think>` first, so that it answers at
once; a thought that it opens later is not well-formed. Both are greedy.
"""

from collections.abc import Callable, Sequence

from pipeline.core.chat import THINK
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.room import check_room
from pipeline.eval.rows import Question, Row, make_row
from pipeline.lm.generation.generate import GREEDY
from pipeline.lm.generation.likeliest import likeliest_but
from pipeline.tasks.probes.thinking import OFF, ON, THINKING
from pipeline.tasks.score import score


def thinking_rows(
    config: Eval, examinee: Examinee, questions: Sequence[Question], advance: Callable[[int], object]
) -> list[Row]:
    """Rows of kind `thinking`, first all with `probe` off, then all with it on, in the order of the questions.

    Raises UserError for a question that does not fit the model.
    """
    check_room(config, examinee, questions)
    think = examinee.ids[THINK]
    prompts = [question.prompt for question in questions]
    firsts = likeliest_but(examinee.model, prompts, think, examinee.batch_size)
    rows: list[Row] = []
    for sample, (probe, openings) in enumerate(((OFF, firsts), (ON, [think] * len(prompts)))):
        begun = [[*prompt, opening] for prompt, opening in zip(prompts, openings, strict=True)]
        rest = examinee.complete(begun, config.max_new_tokens - 1, GREEDY, advance)
        for question, opening, tail in zip(questions, openings, rest, strict=True):
            completion = [opening, *tail]
            text = examinee.decode(completion)
            row = make_row(question, THINKING, text, len(completion), score(question.problem, text))
            rows.append({**row, "sample": sample, "probe": probe})
    return rows
