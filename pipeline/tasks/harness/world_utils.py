"""Frontload's world for lm_eval: reads the problems beside this file and scores what a model wrote.

Copied into every published folder as `utils.py`, so it needs nothing but the harness and `datasets`.

A completion is well-formed if it has at most one thought, opened first by <think> and closed by </think>, and
then one word and nothing else - or, where the question asks for a form, words in that form; it is correct if that is
the answer. `last_word` is for models that were not taught the format: the last word of whatever was written, or as
many as the answer has, without their punctuation, in any case.
"""

import json
import re
from pathlib import Path
from typing import Any

import datasets

THINK, UNTHINK = "<think>", "</think>"
ONE_WORD = r"\S+"
MARKS = ("<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", THINK, UNTHINK)


def load(family: str, **_: Any) -> datasets.DatasetDict:
    """The problems of one family, as the harness's split `test`."""
    lines = (Path(__file__).parent / f"{family}.jsonl").read_text(encoding="utf-8").splitlines()
    return datasets.DatasetDict({"test": datasets.Dataset.from_list([json.loads(line) for line in lines])})


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Scores of one completion, without its end mark: the harness has cut it there."""
    answer = read_answer(doc, results[0])
    gold = doc["answer"].lower().split()
    words = [word.strip(".,;:!?\"'`*()").lower() for word in results[0].replace(UNTHINK, " ").split()]
    return {
        "correct": float(answer == doc["answer"]),
        "well_formed": float(answer is not None),
        "last_word": float(words[-len(gold) :] == gold),
    }


def read_answer(doc: dict[str, Any], text: str) -> str | None:
    """The answer of a well-formed completion, one space between its words; None for any other.

    A completion of `max_words` words was cut: had it ended by itself, its end mark would have taken the place of
    the last one. For tokenizers that split words this is not known, and a cut completion is judged by its form.
    """
    if len(_apart(text).split()) >= doc["max_words"]:
        return None
    thought, answer = "", text
    if text.lstrip().startswith(THINK):
        thought, closed, answer = text.lstrip().removeprefix(THINK).partition(UNTHINK)
        if not closed:
            return None
    is_clean = not any(mark in part for mark in MARKS for part in (thought, answer))
    answer = " ".join(answer.split())
    return answer if is_clean and re.fullmatch(doc["form"] or ONE_WORD, answer) else None


def _apart(text: str) -> str:
    for mark in MARKS:
        text = text.replace(mark, f" {mark} ")
    return text
