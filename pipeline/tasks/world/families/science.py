"""Science-like chains: scales read off each other, reactions, and food chains."""

from random import Random

from pipeline.tasks.problem import Step
from pipeline.tasks.world.families.rules import RuleWording, write_rules
from pipeline.tasks.world.families.sums import Wording, write_sum
from pipeline.tasks.world.family import Draft, Family, draw, others, shuffled_order
from pipeline.tasks.world.lexicon import CREATURES, KINDS, REAGENTS, SUBSTANCES

_UNIT_WORDINGS = (
    Wording(
        "{0} shows {1}",
        ("{0} is {2} above {1}", "{0} is {2} below {1}", "{1} is {2} below {0}", "{1} is {2} above {0}"),
        "{0} ; from {1} , what shows {2} ?",
    ),
    Wording(
        "{0} reads {1}",
        ("{0} is {1} + {2}", "{0} is {1} - {2}", "{1} is {0} - {2}", "{1} is {0} + {2}"),
        "{0} ; from {1} , find {2}",
    ),
    Wording(
        "{0} at {1}",
        (
            "{0} more than {1} by {2}",
            "{0} less than {1} by {2}",
            "{1} less than {0} by {2}",
            "{1} more than {0} by {2}",
        ),
        "start with {1} , what is {2} ? {0}",
    ),
    Wording(
        "{0} shows {1}",
        ("{0} is {1} + {2}", "{0} is {1} - {2}", "{1} is {0} - {2}", "{1} is {0} + {2}"),
        "what shows {2} , from {1} ? {0}",
    ),
)


def _write_units(rng: Random, depth: int, template: int) -> Draft:
    """A reading passed from scale to scale; half of the statements are said from the wrong side, to be inverted."""
    return write_sum(KINDS, _UNIT_WORDINGS[template], rng, depth)


_REACTION_WORDINGS = (
    RuleWording("{0} + {1} = {2}", "{0} ; take {1} , add {2}", " , add ", "{0} + {1} = {2}"),
    RuleWording("{0} with {1} makes {2}", "start with {1} , mix {2} : {0}", " , mix ", "{0} + {1} = {2}"),
    RuleWording("{1} in {0} makes {2}", "{0} ; to {1} add {2} , what is it ?", " then ", "{0} + {1} = {2}"),
    RuleWording("{0} + {1} makes {2}", "to {1} add {2} , what is it ? {0}", " , add ", "{0} + {1} = {2}"),
)


def _write_reactions(rng: Random, depth: int, template: int) -> Draft:
    """Substances turn into each other under reagents; reagents are added one after the other (see `rules`)."""
    return write_rules(SUBSTANCES, REAGENTS, _REACTION_WORDINGS[template], rng, depth)


_FOOD_WORDINGS = (
    ("{0} eats {1}", "{0} ; from {1} go {2} {3}"),
    ("{1} feeds {0}", "{0} ; what is {2} steps {3} from {1} ?"),
    ("{1} is eaten by {0}", "start at {1} , find {2} {3} : {0}"),
    ("{0} eats {1}", "{0} ; start at {1} , find {2} {3}"),
)  # link (eater, eaten); prompt (links, first animal, number of steps, up or down)


def _write_food(rng: Random, depth: int, template: int) -> Draft:
    """Who eats whom, in two chains; asked is the animal some steps up or down from another.

    Both chains go on at both ends, so no end is the answer as such. The graph is the order of the links,
    where the walk starts, and its direction.
    """
    uniform = rng.random
    link, prompt = _FOOD_WORDINGS[template]
    num_before, num_after, num_decoys = int(uniform() * 2), int(uniform() * 3), 2 + int(uniform() * min(depth + 1, 4))
    first_decoy = num_before + depth + num_after + 1
    animals = draw(uniform, CREATURES, first_decoy + num_decoys + 1)
    starts = [i for i in range(len(animals) - 1) if i != first_decoy - 1]
    order = [starts[i] for i in shuffled_order(uniform, len(starts))]
    is_down = uniform() < 0.5
    links = [
        link.format(animals[i], animals[i + 1]) if is_down else link.format(animals[i + 1], animals[i]) for i in order
    ]
    verb = "eats" if is_down else "feeds"
    walk = range(num_before + 1, num_before + depth + 1)
    text = prompt.format(" ; ".join(links), animals[num_before], depth, "down" if is_down else "up")
    graph = f"{num_before} {num_after} {'d' if is_down else 'u'} {' '.join(map(str, order))}"
    steps = tuple([_food_step(animals, i, verb, i - num_before) for i in walk])
    return Draft(text, steps, tuple(sorted(others(animals, num_before))), graph)


def _food_step(animals: list[str], index: int, verb: str, number: int) -> Step:
    result = animals[index]
    return Step(
        text=f"{number} {animals[index - 1]} {verb} {result}",
        terse=f"{number} {result}",
        result=result,
        alternatives=others(animals, index),
    )


UNITS = Family(
    name="units",
    domain="science",
    primitives=("look-up", "chain", "update", "comparison", "inverse"),
    write=_write_units,
    graph_from=1,
)
REACTIONS = Family(
    name="reactions",
    domain="science",
    primitives=("look-up", "chain", "composition"),
    write=_write_reactions,
    graph_from=2,
)
FOOD = Family(
    name="food",
    domain="science",
    primitives=("look-up", "chain", "inverse"),
    write=_write_food,
    graph_from=1,
)
