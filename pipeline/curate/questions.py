"""Eval questions as they could stand in a corpus: whole, without labels, choices and the wording that all share."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.curate.sentences import Words, sentences_of
from pipeline.curate.words import plain_words
from pipeline.tasks.score import TaskProblem

_LABEL = re.compile(r"^\s*(question|q|problem|input|instruction|user)\s*[:.]\s*", re.IGNORECASE)
_ASKS = re.compile(r"\s*(answer|a|output|solution|assistant)\s*:?\s*$", re.IGNORECASE)
_CHOICES = re.compile(r"^\s*(options?\s*:|answer choices\s*:|\(?[A-J][).:])\s*", re.IGNORECASE | re.MULTILINE)
LEAST_WORDS = 4  # a shorter part is a question only where it is a prompt
_LONG, _TWINS = 8, 3  # words; benchmarks hold some questions twice
_ENDS = frozenset(".?!")
_SHARED_BY = 0.9  # of a benchmark's prompts: a sentence of theirs is its prompt's wording, not a question's
_LEAST_PROBLEMS = 20  # with fewer, nobody can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One problem of a suite."""

    name: str  # suite and id
    forms: tuple[Words, ...]  # each is the question word for word; the prompt as it stands comes first
    own: tuple[Words, ...]  # what of it is the question itself: no labels, no choices, no shared wording
    answer: Words


def questions_of(suites: Mapping[str, Sequence[TaskProblem]]) -> Iterator[Question]:
    """Every problem of every suite. A form that many problems have, or a short one that two have, is no question:
    `Which of the following is true?` is one with its choices only.
    """
    for suite, problems in suites.items():
        common = _common(problems)
        found = [_question(suite, problem, common[problem.task]) for problem in problems]
        shared = Counter(form for each in found for form in set(each.forms))
        for each in found:
            prompt, *others = each.forms
            forms = (prompt, *(form for form in others if shared[form] <= (_TWINS if len(form) >= _LONG else 1)))
            yield Question(name=each.name, forms=forms, own=each.own, answer=each.answer)


def _question(suite: str, problem: TaskProblem, common: frozenset[Words]) -> Question:
    bare = _ASKS.sub("", _LABEL.sub("", problem.prompt))
    choices = _CHOICES.search(bare)
    stem = bare[: choices.start()] if choices else bare
    runs = [(run, told) for run, told in _runs(stem, common) if run]
    prompt, unlabelled, first = (tuple(plain_words(form)) for form in (problem.prompt, bare, stem))
    told = [run for run, is_told in runs if len(run) >= _LONG or is_told]  # of a program, a line is no question
    forms = [prompt, unlabelled, *(form for form in (first, *told) if _is_phrase(form))]
    return Question(
        name=f"{suite}: {problem.id}",
        forms=tuple(form for form in dict.fromkeys(forms) if form) or ((),),
        own=tuple(run for run, _ in runs) if common else (first,),
        answer=tuple(plain_words(problem.answer)),
    )


def _is_phrase(words: Words) -> bool:
    """Whether a part of a prompt can be known for a question: some words, not numbers and letters like `0 b 1 c`."""
    return len(words) >= LEAST_WORDS and 2 * sum(word.isalpha() and len(word) > 1 for word in words) > len(words)


def _common(problems: Sequence[TaskProblem]) -> Mapping[str, frozenset[Words]]:
    """By task: the parts that nearly all its prompts have, such as `Your code should pass these tests`."""
    prompts: defaultdict[str, list[set[Words]]] = defaultdict(list)
    for problem in problems:
        prompts[problem.task].append({words for words, _ in sentences_of(problem.prompt)})
    found: dict[str, frozenset[Words]] = {}
    for task, sets in prompts.items():
        counts = Counter(part for parts in sets for part in parts)
        is_told = len(sets) >= _LEAST_PROBLEMS
        found[task] = frozenset(part for part, n in counts.items() if is_told and n >= _SHARED_BY * len(sets))
    return found


def _runs(text: str, common: frozenset[Words]) -> Iterator[tuple[Words, bool]]:
    """What stands between the parts that are common; and whether it is a sentence that one of them announces."""
    held: Words = ()
    before = end = ""
    for part, mark in sentences_of(text):
        own = _own(part, common)
        if own:
            held, end = (*held, *own), mark if own == part else "."
        if own != part:
            yield held, ":" in before and end[:1] in _ENDS
            held, before = (), mark
    yield held, ":" in before and end[:1] in _ENDS


def _own(part: Words, common: frozenset[Words]) -> Words:
    """A part without the common one that it is, or ends in where a full stop was forgotten."""
    for words in () if part in common else common:
        if len(words) >= LEAST_WORDS and part[-len(words) :] == words:
            return part[: -len(words)]
    return () if part in common else part
