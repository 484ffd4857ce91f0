"""How a reflection suite is asked: each question alone, then behind a wrong chain of thought that breaks off.

The chain of thought stands in an opened thought, `<think>` and no `</think>`, with a trigger's words behind it or
nothing; the model goes on from there, greedily. `situational` shows the suite's perturbed traces, `self` the
model's own: those of its wrong, well-formed answers in which the gold answer does not stand, and which leave room
to go on. Nothing else of the model's own answers is changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.chat import THINK, UNTHINK, parse_completion, render_prompt
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.room import check_room
from pipeline.eval.rows import Question, Row, make_row
from pipeline.lm.generation.generate import GREEDY
from pipeline.lm.generation.scoring import Scored
from pipeline.tasks.reflection.config import ReflectionSuite
from pipeline.tasks.reflection.explicit import is_explicit_text, is_explicit_world
from pipeline.tasks.reflection.items import AdversarialProblem
from pipeline.tasks.reflection.metrics import CLEAN, SELF, SITUATIONAL
from pipeline.tasks.reflection.perturb import leaks
from pipeline.tasks.score import TaskProblem, score

_Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A wrong chain of thought for a problem, and the answer that it leads to."""

    kind: str
    problem: TaskProblem
    chain_of_thought: str
    adversarial: str
    perturbation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A question behind a wrong chain of thought and a trigger."""

    wrong: _Wrong
    question: Question  # its prompt ends with `prefix`
    prefix: str
    trigger: str
    sample: int  # number of the trigger


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
    asked = items if SITUATIONAL in suite.settings else []
    wrong = [_Wrong(SITUATIONAL, each, each.chain_of_thought, each.adversarial, each.perturbation) for each in asked]
    situational = list(_under_triggers(examinee, name, suite, wrong))
    check_room(config, examinee, [shown.question for shown in situational])
    problems = list({item.problem.id: item.problem for item in items}.values())
    clean = _clean_rows(config, examinee, name, problems, advance)
    rows = clean + _shown_rows(config, examinee, suite, situational, advance)
    if SELF in suite.settings:
        own = filter(None, map(_self, problems, clean))
        room = examinee.context - config.max_new_tokens
        shown = [each for each in _under_triggers(examinee, name, suite, own) if len(each.question.prompt) <= room]
        rows += _shown_rows(config, examinee, suite, shown, advance)
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


def _self(problem: TaskProblem, row: Row) -> _Wrong | None:
    """The model's own wrong trace; nothing where it was right, had no trace, or names the gold answer."""
    own = parse_completion(row["completion"]).reasoning
    if row["correct"] or not row["well_formed"] or not own or leaks(own, problem.answer):
        return None
    return _Wrong(SELF, problem, own, row["answer"])


def _under_triggers(examinee: Examinee, name: str, suite: ReflectionSuite, asked: Iterable[_Wrong]) -> Iterator[_Shown]:
    for wrong in asked:
        for number, (trigger, text) in enumerate(suite.asked_triggers.items()):
            prefix = f"{THINK}{wrong.chain_of_thought}{suite.suffix(text)}"
            prompt = examinee.encode(render_prompt(wrong.problem.prompt) + prefix)
            question = Question(name, wrong.problem, prompt)
            yield _Shown(wrong=wrong, question=question, prefix=prefix, trigger=trigger, sample=number)


def _shown_rows(
    config: Eval, examinee: Examinee, suite: ReflectionSuite, shown: Sequence[_Shown], advance: _Advance
) -> list[Row]:
    prompts = [each.question.prompt for each in shown]
    completions = examinee.complete(prompts, config.max_new_tokens, GREEDY, advance) if prompts else []
    rows: list[Row] = []
    for each, completion, gap in zip(shown, completions, _gaps(examinee, shown), strict=True):
        text, wrong = examinee.decode(completion), each.wrong
        row = make_row(each.question, wrong.kind, text, len(completion), score(wrong.problem, each.prefix + text))
        row |= {
            "sample": each.sample,
            "probe": wrong.perturbation,
            "trigger": each.trigger,
            "prefix": each.prefix,
            "adversarial": wrong.adversarial,
            "explicit": is_explicit_world(wrong.chain_of_thought, text) if suite.world else is_explicit_text(text),
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
        for answer in (each.wrong.problem.answer, each.wrong.adversarial)
    ]
    sums = [float(values.sum()) for values in examinee.logprobs(asked)] if asked else []
    return [gold - adversarial for gold, adversarial in zip(sums[::2], sums[1::2], strict=True)]
