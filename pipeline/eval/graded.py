"""The graded metric: the probability of the gold answer after the model's own sampled trace.

Accuracy is a step function of skill: near the floor it says nothing. The usual smooth stand-ins mislead.
With the gold trace as prefix (teacher forcing) the model is handed the operands that it fails to fetch
by itself (77 % there was 13.5 % in free generation); right after the question, a model scores for the
habit of answering without a trace. So the model writes its own trace, sampled, and is then asked for the
gold answer where its own answer would stand: behind `</think>`, or at once where it opens no thought.
A trace that reaches no answer slot counts 0. Averaged over traces it estimates the chance of a right
answer, without the noise of drawing the answer itself.

The probability is the product over the gold answer's tokens (one, in the world) at temperature 1, the
end mark not included.
"""

import math
from collections.abc import Callable, Sequence

from pipeline.core.seeds import keyed_int
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.rows import Question, Row, answer_logprob, make_row
from pipeline.lm.generation.generate import Sampling
from pipeline.lm.generation.scoring import Scored
from pipeline.tasks.score import score_all


def choose(questions: Sequence[Question], per_task: int, study_key: str, purpose: str) -> list[Question]:
    """A keyed subset, `per_task` of each suite's tasks, in the order of the questions; `purpose` is part of the key."""
    tasks: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        tasks.setdefault((question.suite, question.problem.task), []).append(question)
    return [question for task in tasks.values() for question in _draw(task, per_task, (study_key, purpose))]


def _draw(task: Sequence[Question], count: int, key: tuple[str, str]) -> list[Question]:
    ranked = sorted(task, key=lambda question: keyed_int(*key, question.suite, question.problem.id))
    chosen = {question.problem.id for question in ranked[:count]}
    return [question for question in task if question.problem.id in chosen]


def graded_rows(
    config: Eval, examinee: Examinee, questions: Sequence[Question], study_key: str, advance: Callable[[int], object]
) -> list[Row]:
    """One row a question and trace. The traces' random streams are the same for every checkpoint."""
    asked = [(question, sample) for question in questions for sample in range(1, config.traces + 1)]
    keys = [(study_key, "trace", question.suite, question.problem.id, sample) for question, sample in asked]
    completions = examinee.say(
        [question.prompt for question, _ in asked],
        config.max_new_tokens,
        Sampling(temperature=config.temperature, keys=keys),
        advance,
    )
    tokens = [said.tokens for said in completions]
    probabilities = _gold_probabilities(examinee, [question for question, _ in asked], tokens)
    texts = [examinee.said(completion) for completion in tokens]
    scores = score_all([question.problem for question, _ in asked], texts, advance)
    rows: list[Row] = []
    for i, (question, sample) in enumerate(asked):
        row = make_row(question, "graded", texts[i], len(tokens[i]), scores[i])
        row |= {
            "sample": sample,
            "temperature": config.temperature,
            "seed": examinee.completer.seed_of(keys[i]),
            "gold_probability": probabilities[i],
            "answer_logprob": answer_logprob(examinee, completions[i], scores[i]),
        }
        rows.append(row)
    return rows


def _gold_probabilities(
    examinee: Examinee, questions: Sequence[Question], completions: Sequence[list[int]]
) -> list[float]:
    """Of each question's gold answer in the slot of its completion; equal prefixes are scored once."""
    slots: list[tuple[tuple[int, ...], str] | None] = []
    for question, completion in zip(questions, completions, strict=True):
        start = examinee.answer_start(completion)
        slots.append(None if start is None else ((*question.prompt, *completion[:start]), question.problem.answer))
    distinct = list(dict.fromkeys(slot for slot in slots if slot is not None))
    logprobs = examinee.logprobs([Scored.after(prefix, examinee.encode(gold)) for prefix, gold in distinct])
    found = {slot: math.exp(float(values.sum())) for slot, values in zip(distinct, logprobs, strict=True)}
    return [0.0 if slot is None else found[slot] for slot in slots]
