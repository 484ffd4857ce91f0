"""How a reflection suite is asked: each question alone, then behind a wrong chain of thought that breaks off.

The chain of thought stands in an opened thought, `<think>` and no `</think>`, with a trigger's words behind it or
nothing; the model goes on from there, greedily. `situational` shows the suite's perturbed traces, `self` the
model's own: those of its wrong, well-formed answers in which the gold answer does not stand, and which leave room
to go on. Nothing else of the model's own answers is changed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.chat import THINK, UNTHINK, parse_completion, render_prompt
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.room import check_room
from pipeline.eval.rows import Question, Row, make_row
from pipeline.lm.generate import GREEDY
from pipeline.lm.scoring import Scored
from pipeline.tasks.reflection.config import ReflectionSuite
from pipeline.tasks.reflection.explicit import is_explicit_text, is_explicit_world
from pipeline.tasks.reflection.items import AdversarialProblem
from pipeline.tasks.reflection.metrics import CLEAN, SELF, SITUATIONAL
from pipeline.tasks.reflection.perturb import leaks
from pipeline.tasks.score import TaskProblem, score

_Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A question behind a wrong chain of thought and a trigger."""

    kind: str
    question: Question  # its prompt ends with `prefix`
    prefix: str
    chain_of_thought: str
    perturbation: str | None
    trigger: str
    sample: int  # number of the trigger
    adversarial: str


def reflection_rows(
    config: Eval,
    examinee: Examinee,
    name: str,
    suite: ReflectionSuite,
    items: Sequence[AdversarialProblem],
    advance: _Advance,
) -> list[Row]:
    """Rows of kind `clean`, `situational` and `self`, with the columns that `core.scores` lists for reflection.

    Raises UserError where a chain of thought leaves no room for `max_new_tokens`, before anything is generated.
    """
    situational = [shown for item in items for shown in _situational(examinee, name, suite, item)]
    if SITUATIONAL not in suite.settings:
        situational = []
    check_room(config, examinee, [shown.question for shown in situational])
    problems = list({item.problem.id: item.problem for item in items}.values())
    clean = _clean_rows(config, examinee, name, problems, advance)
    rows = clean + _shown_rows(config, examinee, suite, situational, advance)
    if SELF in suite.settings:
        own = [
            shown
            for problem, row in zip(problems, clean, strict=True)
            for shown in _self(examinee, name, suite, problem, row)
            if len(shown.question.prompt) + config.max_new_tokens <= examinee.context
        ]
        rows += _shown_rows(config, examinee, suite, own, advance)
    return rows


def num_completions(suite: ReflectionSuite, items: Sequence[AdversarialProblem]) -> int:
    """At most so many completions: of a model that gets every question wrong, traces and all."""
    problems = len({item.problem.id for item in items})
    shown = (SITUATIONAL in suite.settings) * len(items) + (SELF in suite.settings) * problems
    return problems + shown * len(suite.asked_triggers)


def _clean_rows(
    config: Eval, examinee: Examinee, name: str, problems: Sequence[TaskProblem], advance: _Advance
) -> list[Row]:
    questions = [Question(name, problem, examinee.encode_prompt(problem.prompt)) for problem in problems]
    prompts = [question.prompt for question in questions]
    completions = examinee.complete(prompts, config.max_new_tokens, GREEDY, advance)
    texts = [examinee.decode(completion) for completion in completions]
    return [
        make_row(question, CLEAN, text, len(completion), score(question.problem, text))
        for question, completion, text in zip(questions, completions, texts, strict=True)
    ]


def _situational(examinee: Examinee, name: str, suite: ReflectionSuite, item: AdversarialProblem) -> Iterator[_Shown]:
    for number, (trigger, text) in enumerate(suite.asked_triggers.items()):
        prefix = f"{THINK}{item.chain_of_thought}{suite.suffix(text)}"
        yield _Shown(
            kind=SITUATIONAL,
            question=Question(name, item, examinee.encode(render_prompt(item.prompt) + prefix)),
            prefix=prefix,
            chain_of_thought=item.chain_of_thought,
            perturbation=item.perturbation,
            trigger=trigger,
            sample=number,
            adversarial=item.adversarial,
        )


def _self(examinee: Examinee, name: str, suite: ReflectionSuite, problem: TaskProblem, row: Row) -> Iterator[_Shown]:
    """The model's own wrong trace under each trigger; nothing where it was right, had no trace, or names the gold."""
    own = parse_completion(row["completion"]).reasoning
    if row["correct"] or not row["well_formed"] or not own or leaks(own, problem.answer):
        return
    for number, (trigger, text) in enumerate(suite.asked_triggers.items()):
        prefix = f"{THINK}{own}{suite.suffix(text)}"
        yield _Shown(
            kind=SELF,
            question=Question(name, problem, examinee.encode(render_prompt(problem.prompt) + prefix)),
            prefix=prefix,
            chain_of_thought=own,
            perturbation=None,
            trigger=trigger,
            sample=number,
            adversarial=row["answer"],
        )


def _shown_rows(
    config: Eval, examinee: Examinee, suite: ReflectionSuite, shown: Sequence[_Shown], advance: _Advance
) -> list[Row]:
    prompts = [each.question.prompt for each in shown]
    completions = examinee.complete(prompts, config.max_new_tokens, GREEDY, advance) if prompts else []
    rows: list[Row] = []
    for each, completion, gap in zip(shown, completions, _gaps(examinee, shown), strict=True):
        text = examinee.decode(completion)
        is_world = suite.world is not None
        row = make_row(
            each.question, each.kind, text, len(completion), score(each.question.problem, each.prefix + text)
        )
        row |= {
            "sample": each.sample,
            "probe": each.perturbation,
            "trigger": each.trigger,
            "prefix": each.prefix,
            "adversarial": each.adversarial,
            "explicit": is_explicit_world(each.chain_of_thought, text) if is_world else is_explicit_text(text),
            "gap": gap,
        }
        rows.append(row)
    return rows


def _gaps(examinee: Examinee, shown: Sequence[_Shown]) -> list[float]:
    """Of each, log p(gold) - log p(adversarial answer) in nats, if the thought is closed where it breaks off."""
    close = examinee.encode(UNTHINK)
    asked = [
        Scored.after([*each.question.prompt, *close], examinee.encode(answer))
        for each in shown
        for answer in (each.question.problem.answer, each.adversarial)
    ]
    sums = [float(values.sum()) for values in examinee.logprobs(asked)] if asked else []
    return [gold - adversarial for gold, adversarial in zip(sums[::2], sums[1::2], strict=True)]
