"""The problems that a suite asks: drawn from the world, or read from a benchmark's file.

Apart from `suite`, so that a config is read without loading what draws problems. World problem i of a
family has a random stream of its own, keyed by study, suite, split, family and i.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.core.seeds import rng
from pipeline.tasks.gsm8k import read_rows, split_solution
from pipeline.tasks.problem import Problem
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.suite import Gsm8kSuite, Suite, WorldSuite
from pipeline.tasks.world.controls import CONTROLS
from pipeline.tasks.world.corpus import draw_problem
from pipeline.tasks.world.instruct import INSTRUCT, form_of
from pipeline.tasks.world.split import hash_of

_NEW_STRUCTURE_TRIES = 20  # then a known structure with new names and numbers will do
_TRIES = 400  # then the family is out of problems


def world_problems(suite: Suite, world: WorldSuite, study_key: str) -> Iterator[TaskProblem]:
    """Families one after another, those held out last."""
    for family in dict.fromkeys((*world.families, *world.held_out)):
        for problem in _family_problems(suite, world, family, study_key):
            yield asked(problem, held_out=family in world.held_out)


def _family_problems(suite: Suite, world: WorldSuite, family: str, study_key: str) -> Iterator[Problem]:
    """Problems of one family; no prompt comes twice, and no structure where the family has enough of them."""
    prompts: set[str] = set()
    structures: set[str] = set()
    for i in range(world.problems_per_family):
        stream = rng(study_key, "eval", suite.name, suite.split, family, i)
        depth = world.depths[i % len(world.depths)]
        count = world.templates - world.first_template
        template = world.first_template + i // len(world.depths) % count
        for attempt in range(_TRIES):
            problem = draw_problem(family, stream, depth, template, suite.split)
            is_new = problem.prompt not in prompts
            if is_new and (problem.structure not in structures or attempt >= _NEW_STRUCTURE_TRIES):
                break
        else:
            asked = f"{world.problems_per_family} problems of family {family!r}"
            raise UserError(f"suite {suite.name!r} asks {asked}, but depth {depth} has no new one after {i}; ask fewer")
        prompts.add(problem.prompt)
        structures.add(problem.structure)
        yield problem


def asked(problem: Problem, *, held_out: bool) -> TaskProblem:
    """A problem of the world as a suite asks it."""
    digest = blake2b(problem.prompt.encode(), digest_size=6).hexdigest()
    return TaskProblem(
        id=f"{problem.family}-{problem.depth}-{digest}",
        task=problem.family,
        domain=problem.domain,
        depth=problem.depth,
        template=str(problem.template),
        structure=hash_of(problem.structure),
        held_out=held_out,
        prompt=problem.prompt,
        answer=problem.answer,
        choices=problem.choices,
        is_lookup=problem.family in CONTROLS,
        is_text=problem.family == INSTRUCT,
        form=form_of(problem) if problem.family == INSTRUCT else "",
    )


def gsm8k_problems(suite: Gsm8kSuite, data_root: Path | None) -> Iterator[TaskProblem]:
    """The first problems of a GSM8K file, or all.

    Raises UserError where the file is missing, too short or something else.
    """
    if data_root is None:
        raise UserError(f"suite of {suite.path} reads files and data_root is not set; give data_root=PATH")
    rows = list(islice(read_rows(data_root / suite.path), suite.num_problems))
    if len(rows) < (suite.num_problems or 1):
        raise UserError(f"{suite.path} has {len(rows)} rows, fewer than num_problems={suite.num_problems}; ask fewer")
    for i, (question, solution) in enumerate(rows):
        _, answer = split_solution(solution)
        yield TaskProblem(
            id=f"gsm8k-{i}",
            task="gsm8k",
            domain="math",
            depth=0,
            template="",
            structure="",
            held_out=False,
            prompt=question,
            answer=answer,
            choices=(),
        )
