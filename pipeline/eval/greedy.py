"""The primary metric: each problem answered once, freely and greedily, and scored by its task's one scorer.

Where the config asks, also the gold answer's log-probability right after the prompt. It is a probe of
style, not of skill: it favours models that were taught to answer without a trace.
"""

from collections.abc import Callable, Sequence

from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.rows import Question, Row, answer_logprob, make_row
from pipeline.lm.generation.generate import GREEDY
from pipeline.lm.generation.scoring import Scored
from pipeline.tasks.score import score_all


def greedy_rows(
    config: Eval, examinee: Examinee, questions: Sequence[Question], advance: Callable[[int], object]
) -> list[Row]:
    """One row a question, in order."""
    prompts = [question.prompt for question in questions]
    completions = examinee.say(prompts, config.max_new_tokens, GREEDY, advance)
    texts = [examinee.said(said.tokens) for said in completions]
    scores = score_all([question.problem for question in questions], texts, advance)
    rows: list[Row] = []
    for question, text, said, score in zip(questions, texts, completions, scores, strict=True):
        row = make_row(question, "greedy", text, len(said.tokens), score)
        rows.append({**row, "answer_logprob": answer_logprob(examinee, said, score)})
    if config.logprob:
        for row, logprob in zip(rows, _gold_logprobs(examinee, questions), strict=True):
            row["gold_logprob"] = logprob
    return rows


def _gold_logprobs(examinee: Examinee, questions: Sequence[Question]) -> list[float]:
    golds = [Scored.after(question.prompt, examinee.encode(question.problem.answer)) for question in questions]
    return [float(logprobs.sum()) for logprobs in examinee.logprobs(golds)]
