"""What an eval cannot ask because files are missing, said in lines: before anything starts, and after an eval."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console

from pipeline.study.config.schema import Study
from pipeline.study.nodes.node import Node
from pipeline.study.terminal import say
from pipeline.tasks.absent import absent_of


def say_absent(console: Console, studies: Iterable[Study], nodes: Iterable[Node] = ()) -> None:
    """A line for each suite whose file is not there, and for each benchmark that a corpus of `nodes` is not held
    against for the same reason; each once.
    """
    for line in dict.fromkeys((*_of_suites(studies), *_of_corpora(nodes))):
        say(console, ("warning: ", "yellow"), line)


def absent_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """What the summary of an eval says of suites and benchmarks that it could not ask."""
    for name, reason in summary.get("missing", {}).items():
        yield f"suite '{name}' was not asked: {reason}"
    for name, suite in summary.get("benchmarks", {}).items():
        for label, reason in suite["missing"].items():
            yield f"{name}/{label} was not asked: {reason}"


def _of_suites(studies: Iterable[Study]) -> Iterator[str]:
    for study in studies:
        for suite in study.eval.suites:
            absent = absent_of(suite, study.context.data_root)
            if absent is not None:
                yield absent.line


def _of_corpora(nodes: Iterable[Node]) -> Iterator[str]:
    """Of benchmarks many cannot be had: a corpus goes on without them, and is made anew once they are there."""
    for node in nodes:
        suites = node.literals.get("suites", []) if node.kind == "curate" else []
        lacking = dict.fromkeys(label for suite in suites for label in _lacking(suite))
        if lacking:
            yield (
                f"corpus '{node.label}' is not held against {', '.join(lacking)}: their data are not below data_root; "
                "once they are, the corpus and what was trained on it are made anew"
            )


def _lacking(suite: Mapping[str, Any]) -> Iterator[str]:
    tasks: Mapping[str, Any] = (suite.get("harness") or {}).get("tasks", {})
    return (label for label, task in tasks.items() if task.get("dataset") and not task.get("checksums"))
