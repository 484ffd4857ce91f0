"""Swaps: who holds a thing after people have exchanged theirs in pairs."""

from random import Random

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Uniform, after, draw, interleaved, others
from pipeline.tasks.world.lexicon import LABELS, NAMES, OBJECTS

_SWAP_WORDINGS = (
    ("{0} has {1}", "{0} {1} swaps with {2}", "{0} ; who has {1} ?"),
    ("{1} : {0}", "{0} {1} and {2} swap", "{0} ; find {1}"),
    ("{0} holds {1}", "{0} swap {1} , {2}", "who holds {1} at last ? {0}"),
    ("{0} holds {1}", "{0} {1} swaps with {2}", "find {1} : {0}"),
)  # start (name, object); swap (label, name, name); prompt (lines, object)
_NUM_PEOPLE = 5


def write_swaps(rng: Random, depth: int, template: int) -> Draft:
    """Five people hold one thing each and swap in pairs; who ends with one of the things?

    Swaps among others are decoys. The graph is the swaps in order, people numbered as they stand in the
    first lines, and whose thing is asked for.
    """
    uniform = rng.random
    start, swap, prompt = _SWAP_WORDINGS[template]
    people, things = draw(uniform, NAMES, _NUM_PEOPLE), draw(uniform, OBJECTS, _NUM_PEOPLE)
    holder = first = int(uniform() * _NUM_PEOPLE)
    texts = [start.format(person, thing) for person, thing in zip(people, things, strict=True)]
    steps: list[Step] = []
    passed = [f"{things[first]} {people[first]}"]
    graph = str(first)
    pairs = _swaps(uniform, depth, holder)
    for label, (one, two) in zip(LABELS, pairs, strict=False):
        texts.append(swap.format(label, people[one], people[two]))
        graph += f" {one}{two}" if one < two else f" {two}{one}"
        pair = f"{label} {people[one]} {people[two]}"
        if holder not in (one, two):
            passed.append(pair)
            continue
        old, holder = people[holder], two if holder == one else one
        steps.append(
            Step(
                text=after(passed, f"{pair} : {old} to {people[holder]}"),
                terse=f"{label} {things[first]} {people[holder]}",
                result=people[holder],
                alternatives=others(people, holder),
            )
        )
    return Draft(prompt.format(" ; ".join(texts), things[first]), tuple(steps), tuple(sorted(people)), graph)


def _swaps(uniform: Uniform, depth: int, holder: int) -> list[tuple[int, int]]:
    """Pairs in order, `depth` of them with the holder of the moment, the others decoys.

    Two times in five no decoy follows the last that counts: each of two in the last pair, like each of
    three others, has then a fifth. If only one counts, decoys first take whoever has not swapped.
    """
    path = [holder]
    for _ in range(depth):
        path.append(_someone(uniform, path[-1]))
    num_early = 1 + int(uniform() * 3) + (depth == 1)
    num_late = int(uniform() * 2.5)
    pairs: list[tuple[int, int]] = []
    unseen = [person for person in range(_NUM_PEOPLE) if person not in path] if depth == 1 else []
    done = 0
    for is_needed in [*interleaved(uniform, depth - 1, num_early), True, *(False,) * num_late]:
        one, two = path[done], path[done]
        if is_needed:
            done += 1
            two = path[done]
        else:
            one = unseen.pop() if unseen else _someone(uniform, path[done])
            two = _someone(uniform, path[done], one)
        pairs.append((one, two) if uniform() < 0.5 else (two, one))
    return pairs


def _someone(uniform: Uniform, *excluded: int) -> int:
    """Anybody else."""
    while (person := int(uniform() * _NUM_PEOPLE)) in excluded:
        pass
    return person
