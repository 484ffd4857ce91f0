"""Several hands on one store: what another one is at or has built, and what happens where one is killed."""

import io
import os
import signal

import pytest
from rich.console import Console

from pipeline.core.keeping import Keeping
from pipeline.core.lock import LockHeldError
from pipeline.study.nodes.node import distinct
from pipeline.study.run import handing
from pipeline.study.run.chosen import chosen_nodes
from pipeline.study.run.crew import Crew, Task, WorkerDiedError
from pipeline.study.run.runner import Runner
from pipeline.study.run.survey import survey, wanted
from pipeline.study.run.view import View
from pipeline.study.run.worker import run_job
from pipeline.study.run.workers import Workers


class Told(Crew):
    """A crew that does what a script says of the first node it gets, and its work from then on."""

    def __init__(self, job_of, *script):
        self.job_of, self.script, self.given, self.seen = job_of, list(script), [], []

    def __exit__(self, *_):
        pass

    def room(self):
        return 1 - len(self.given)

    def give(self, task, survey):
        self.given.append((task, self.job_of(task.nodes[0], survey)))
        self.seen.append(task.nodes[0].label)

    def look(self, seconds, sink):
        if not self.given:
            return []
        task, job = self.given.pop()
        if self.script and (step := self.script.pop(0)) is not None:
            outcome = step(job) if callable(step) else step
            return [(task, {task.key: outcome})]
        return [(task, {task.key: run_job(job, sink)})]


@pytest.fixture
def building(runs, monkeypatch):
    """Build the raw documents of an arm with a crew that follows a script."""
    monkeypatch.setattr(handing, "POLL_SECONDS", 0.0)
    monkeypatch.setattr("pipeline.study.run.neighbours.SECONDS_BETWEEN_LOOKS", 0.0)

    def build(*script):
        _, study = runs.arm("stage=sources")
        found = survey(distinct(chosen_nodes(study)), runs.store)
        heard = io.StringIO()
        view = View(Console(file=heard, width=200), found, 1)
        hand = Runner(context=study.context, group="single")
        crew = Told(hand._job, *script)
        failures = hand.build(found, view, hire=lambda: crew)
        return failures, crew, heard.getvalue()

    return build


def test_what_is_found_held_is_left_and_taken_up_again(building, runs):
    failures, crew, _ = building(LockHeldError("somebody"))
    assert failures == [] and len(runs.folders("sources")) == 3
    assert crew.seen[-1] == crew.seen[0]  # last of all


def test_what_another_process_builds_meanwhile_is_taken_as_done(building, runs):
    def neighbour(job):
        run_job(job, lambda _: None)
        return LockHeldError("it was quicker")

    failures, crew, said = building(neighbour)
    assert failures == [] and len(crew.seen) == 3
    assert f"done sources {crew.seen[0]} by another process" in said


def test_a_node_whose_worker_is_killed_is_tried_once_more(building, runs):
    failures, crew, said = building(WorkerDiedError("gone"))
    assert failures == [] and crew.seen.count(crew.seen[0]) == 2
    assert "its worker process was killed; it is tried once more" in said


def test_a_node_whose_worker_is_killed_twice_has_failed_and_the_others_are_built(building, runs):
    failures, crew, _ = building(WorkerDiedError("gone"), None, None, WorkerDiedError("gone again"))
    assert [(failure.node.label, str(failure.error)) for failure in failures] == [(crew.seen[0], "gone again")]
    assert len(runs.folders("sources")) == 2


def test_while_another_process_is_at_a_node_something_else_is_done(building, runs, monkeypatch):
    _, study = runs.arm("stage=sources")
    node = distinct(chosen_nodes(study))[0]
    answers = [True, True]  # then its lock is free
    monkeypatch.setattr(
        Keeping,
        "is_held",
        lambda _, __, fingerprint: fingerprint == node.fingerprint and bool(answers and answers.pop()),
    )
    failures, crew, said = building()
    assert failures == [] and crew.seen[0] != node.label and node.label in crew.seen
    assert said.count(f"another process is at sources {node.label}") == 1


def test_a_killed_worker_is_known_by_its_seat_and_the_seat_works_on(runs):
    _, study = runs.arm("stage=sources")
    found = survey(distinct(chosen_nodes(study)), runs.store)
    job_of = Runner(context=study.context, group="single")._job
    with Workers(1, job_of) as crew:
        task = Task((found.todo[0],))
        crew.give(task, found)
        (process,) = crew._seats[0]._pool._processes.values()
        os.kill(process.pid, signal.SIGKILL)
        ended = []
        while not ended:
            ended = crew.look(0.1, lambda _: None)
        assert isinstance(ended[0][1][task.key], WorkerDiedError)
        assert crew.room() == 1
        crew.give(task, found)
        ended = []
        while not ended:
            ended = crew.look(0.1, lambda _: None)
    artifact = ended[0][1][task.key]
    assert artifact.fingerprint == wanted(found.todo[0], {}).fingerprint
