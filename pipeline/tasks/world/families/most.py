"""Most and least: which of some substances shows more than all others of them, or less; the best so far is kept."""

from random import Random

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Family, draw, others, random_digit, shuffled_order
from pipeline.tasks.world.lexicon import DIGITS, SUBSTANCES

_WORDINGS = (
    ("{0} shows {1}", "{0} ; which shows {1} : {2} ?", (" , ", "more", "less")),
    ("{0} is at {1}", "which is {1} , {2} ? {0}", (" or ", "above", "below")),
    ("{0} has {1}", "{0} ; find which has {1} : {2}", (" , ", "more", "less")),
    ("{0} reads {1}", "of {2} , which reads {1} ? {0}", (" , ", "more", "less")),
)  # fact (substance, number), prompt (facts, side, those asked about), what stands between these, sides


def write_most(rng: Random, depth: int, template: int) -> Draft:
    """`depth` + 1 substances are compared one after the other, in the order asked; two or three others are decoys.

    Those compared differ in their numbers; decoys have any. The graph is the order of the facts and the side; the
    numbers' order is a matter of numbers.
    """
    uniform = rng.random
    fact, prompt, (comma, *sides) = _WORDINGS[template]
    side = int(uniform() * 2)
    num_decoys = min(2 + int(uniform() * 2), len(SUBSTANCES) - depth - 1)
    names = draw(uniform, SUBSTANCES, depth + 1 + num_decoys)
    values = [*map(int, draw(uniform, DIGITS, depth + 1)), *(random_digit(uniform) for _ in range(num_decoys))]
    order = shuffled_order(uniform, len(names))
    facts = " ; ".join([fact.format(names[i], values[i]) for i in order])
    asked = names[: depth + 1]
    text = prompt.format(facts, sides[side], comma.join(asked))
    graph = f"{'ml'[side]} " + "".join([str(i) if i <= depth else "d" for i in order])
    return Draft(text, _steps(asked, values, side), tuple(sorted(asked)), graph)


def _steps(names: list[str], values: list[int], side: int) -> tuple[Step, ...]:
    """Each of those asked against the best so far."""
    best = 0
    steps: list[Step] = []
    for i, name in enumerate(names[1:], start=1):
        is_more = values[i] > values[best]
        head = f"{names[best]} {values[best]} : {name} {values[i]} {'more' if is_more else 'less'}"
        best = i if is_more == (side == 0) else best
        steps.append(
            Step(
                text=f"{head} so {names[best]}",
                terse=f"{i} {names[best]}",
                result=names[best],
                alternatives=others(names, best),
            )
        )
    return tuple(steps)


MOST = Family(
    name="most",
    domain="science",
    primitives=("look-up", "comparison", "update"),
    write=write_most,
    graph_from=2,
)
