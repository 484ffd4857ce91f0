"""The items of a reflection suite: a problem, a chain of thought with one edited step, and where it leads.

World item i of a family and perturbation has a random stream of its own. What does not apply, changes no answer or
would give the gold answer away is drawn again (world) or left out (files), as in the paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.core.seeds import rng
from pipeline.tasks.ask import asked
from pipeline.tasks.gsm8k import read_rows, split_solution
from pipeline.tasks.reflection.chain import Chain, run, write
from pipeline.tasks.reflection.config import ReflectionFile, ReflectionSuite, ReflectionWorld
from pipeline.tasks.reflection.gsm8k_chain import gsm8k_chain
from pipeline.tasks.reflection.perturb import Adversary, Perturbation, perturb
from pipeline.tasks.reflection.world_chain import world_chain
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.world.corpus import draw_problem
from pipeline.tasks.world.families import HELD_OUT
from pipeline.tasks.world.split import Split

_TRIES = 400  # then the family is out of items


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialProblem(TaskProblem):
    """A problem with a wrong chain of thought; `id` names both."""

    problem: TaskProblem  # alone
    perturbation: Perturbation
    chain_of_thought: str
    true_chain_of_thought: str
    position: int  # index of the edited step
    adversarial: str  # the answer that the chain of thought leads to

    @property
    def opening(self) -> str:
        """The chain of thought."""
        return self.chain_of_thought


def reflection_items(
    name: str, split: Split, suite: ReflectionSuite, study_key: str, data_root: Path | None
) -> Iterator[AdversarialProblem]:
    """All items of a suite, in a fixed order. Raises UserError as `world_items` and `file_items` do."""
    if suite.world is not None:
        return world_items(name, split, suite, suite.world, study_key)
    assert suite.gsm8k is not None
    return file_items(suite, suite.gsm8k, data_root)


def world_items(
    name: str, split: Split, suite: ReflectionSuite, world: ReflectionWorld, study_key: str
) -> Iterator[AdversarialProblem]:
    """Items family by family, perturbation by perturbation; no question comes twice.

    Raises UserError where a family is out of items.
    """
    prompts: set[str] = set()
    for family, kind, i in product(world.families, suite.perturbations, range(world.problems)):
        shape = (family, world.depths[i % len(world.depths)], i // len(world.depths) % world.templates)
        item = _world_item(shape, kind, split, (study_key, "reflection", name, split, family, kind, i), prompts)
        if item is None:
            raise UserError(
                f"suite {name!r} asks {world.problems} items of {kind} in family {family!r}, "
                f"but depth {shape[1]} has no new one after {i}; ask fewer"
            )
        prompts.add(item.prompt)
        yield item


def _world_item(
    shape: tuple[str, int, int], kind: Perturbation, split: Split, key: tuple[str | int, ...], prompts: set[str]
) -> AdversarialProblem | None:
    family, depth, template = shape
    stream = rng(*key)
    for _ in range(_TRIES):
        problem = draw_problem(family, stream, depth, template, split)
        chain = world_chain(problem)
        adversary = perturb(chain, kind, problem.answer, stream)
        if adversary is not None and problem.prompt not in prompts:
            return _item(asked(problem, held_out=family in HELD_OUT), kind, chain, adversary)
    return None


def file_items(suite: ReflectionSuite, file: ReflectionFile, data_root: Path | None) -> Iterator[AdversarialProblem]:
    """Items of a GSM8K file, row by row; each row that can be read gives as many as there are perturbations, or fewer.

    Raises UserError where the file is missing, too short or something else, and where no row can be read.
    """
    if data_root is None:
        raise UserError(f"reflection on {file.path} reads files and data_root is not set; give data_root=PATH")
    rows = list(islice(read_rows(data_root / file.path), file.num_rows))
    if len(rows) < file.num_rows:
        raise UserError(f"{file.path} has {len(rows)} rows, fewer than num_rows={file.num_rows}; ask fewer")
    count = 0
    for number, (question, solution) in enumerate(rows):
        for item in _row_items(suite, f"gsm8k-{number}", question, solution):
            count += 1
            yield item
    if not count:
        raise UserError(f"no solution among {len(rows)} rows of {file.path} can be perturbed; raise num_rows")


def _row_items(suite: ReflectionSuite, base: str, question: str, solution: str) -> Iterator[AdversarialProblem]:
    _, gold = split_solution(solution)
    chain = gsm8k_chain(question, solution)
    if chain is None:
        return
    problem = TaskProblem(
        id=base,
        task="gsm8k",
        domain="math",
        depth=len(chain.lines),
        template="",
        structure="",
        held_out=False,
        prompt=question,
        answer=gold,
        choices=(),
    )
    for kind in suite.perturbations:
        adversary = perturb(chain, kind, gold, rng("reflection", base, kind))
        if adversary is not None:
            yield _item(problem, kind, chain, adversary)


def _item(problem: TaskProblem, kind: Perturbation, chain: Chain, adversary: Adversary) -> AdversarialProblem:
    true = write(chain, run(chain) or ())
    assert true is not None, "a true chain can be written"
    return AdversarialProblem(
        id=f"{problem.id}-{kind}",
        task=problem.task,
        domain=problem.domain,
        depth=problem.depth,
        template=problem.template,
        structure=problem.structure,
        held_out=problem.held_out,
        prompt=problem.prompt,
        answer=problem.answer,
        choices=problem.choices,
        problem=problem,
        perturbation=kind,
        chain_of_thought=adversary.text,
        true_chain_of_thought=true,
        position=adversary.position,
        adversarial=adversary.answer,
    )
