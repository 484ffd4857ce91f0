"""How an alchemy suite is asked: once, greedily, with the gold chain of thought in the row beside what was said."""

from collections.abc import Callable, Sequence

from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.room import check_room
from pipeline.eval.rows import Question, Row, make_row
from pipeline.lm.generation.generate import GREEDY
from pipeline.tasks.probes.shift_metrics import SHIFT
from pipeline.tasks.probes.shifts import ShiftedProblem
from pipeline.tasks.score import score


def shift_rows(
    config: Eval,
    examinee: Examinee,
    name: str,
    problems: Sequence[ShiftedProblem],
    advance: Callable[[int], object],
) -> list[Row]:
    """Rows of kind `alchemy`, in the order of the problems. Raises UserError for one that does not fit the model."""
    questions = [Question(name, problem, examinee.encode_prompt(problem.prompt)) for problem in problems]
    check_room(config, examinee, questions)
    completions = examinee.complete([question.prompt for question in questions], config.max_new_tokens, GREEDY, advance)
    rows: list[Row] = []
    for question, problem, completion in zip(questions, problems, completions, strict=True):
        text = examinee.decode(completion)
        row = make_row(question, SHIFT, text, len(completion), score(problem, text))
        rows.append({**row, "probe": problem.regime, "gold_reasoning": problem.chain})
    return rows
