"""Logic and relations: is-a chains, composed relations, and containment (held out)."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.families.rules import RuleWording, write_rules
from pipeline.tasks.world.family import Draft, Family, draw, others, shuffled_order
from pipeline.tasks.world.lexicon import COLOURS, CONTAINERS, KINDS, NAMES, OBJECTS, PLACES, RELATIONS

_NUM_CHAINS = 3
_EXCHANGED = str.maketrans("bc", "cb")


class _Wording(NamedTuple):
    """One surface template, in `str.format` forms."""

    link: str  # {0} from, {1} to
    prompt: str  # {0} links, {1} what is asked about
    step: str  # {0} from, {1} to (last)


_ISA_WORDINGS = (
    _Wording("{0} is {1}", "{0} ; what is {1} ?", "{0} is {1}"),
    _Wording("if {0} then {1}", "{0} ; so what is {1} ?", "{0} is {1}"),
    _Wording("{0} means {1}", "find what {1} means : {0}", "{0} is {1}"),
    _Wording("{0} means {1}", "{0} ; so what is {1} ?", "{0} is {1}"),
)
_CONTAINMENT_WORDINGS = (
    _Wording("{0} is in {1}", "{0} ; where is {1} ?", "{0} in {1}"),
    _Wording("{0} inside {1}", "{0} ; find the {1}", "{0} in {1}"),
    _Wording("{1} holds {0}", "where is {1} ? {0}", "{0} in {1}"),
    _Wording("{0} is in {1}", "find the {1} : {0}", "{0} in {1}"),
)


class _Pools(NamedTuple):
    first: Sequence[str]
    middle: Sequence[str]
    last: Sequence[str]


def _write_ends(pools: _Pools, wording: _Wording, rng: Random, depth: int) -> Draft:
    """Three chains of about `depth` links, each with an end of its own; one beginning is asked about.

    The graph is the order of the links, chain and place for each.
    """
    uniform = rng.random
    num_middles = [depth - 1, *(_decoy_length(uniform(), depth) for _ in range(_NUM_CHAINS - 1))]
    firsts, lasts = draw(uniform, pools.first, _NUM_CHAINS), draw(uniform, pools.last, _NUM_CHAINS)
    middles = draw(uniform, pools.middle, sum(num_middles))
    links: list[tuple[str, str]] = []
    codes: list[str] = []
    used = 0
    for chain, count in enumerate(num_middles):
        nodes = [firsts[chain], *middles[used : used + count], lasts[chain]]
        used += count
        links.extend(pairwise(nodes))
        codes.extend([f"{'abc'[chain]}{i}" for i in range(count + 1)])
    order = shuffled_order(uniform, len(links))
    steps = _end_steps(wording, links[:depth], middles, lasts)
    text = " ; ".join([wording.link.format(*links[i]) for i in order])
    graph = canonical("".join([codes[i] for i in order]))
    return Draft(wording.prompt.format(text, firsts[0]), steps, tuple(sorted(lasts)), graph)


def canonical(codes: str) -> str:
    """The codes with the two decoy chains, b and c, named as they come: equal graphs are equal texts."""
    return codes if codes.index("b") < codes.index("c") else codes.translate(_EXCHANGED)


def _decoy_length(chance: float, depth: int) -> int:
    """Middle nodes of a decoy chain: the main chain's, one less or one more; one to five from depth 2."""
    return min(5, max(depth > 1, depth - 2 + int(chance * 3)))


def _end_steps(
    wording: _Wording, links: list[tuple[str, str]], middles: list[str], lasts: list[str]
) -> tuple[Step, ...]:
    """A step for each link of the main chain, whose nodes come first in `middles` and `lasts`."""
    last = len(links) - 1
    return tuple(
        [
            Step(
                text=wording.step.format(old, new),
                terse=f"{i + 1} {new}",
                result=new,
                alternatives=others(lasts, 0) if i == last else others(middles, i),
            )
            for i, (old, new) in enumerate(links)
        ]
    )


def _write_isa(rng: Random, depth: int, template: int) -> Draft:
    """Of what kind a person is, of what kind that kind is, and so on to a colour."""
    return _write_ends(_Pools(NAMES, KINDS, COLOURS), _ISA_WORDINGS[template], rng, depth)


def _write_containment(rng: Random, depth: int, template: int) -> Draft:
    """In what a thing is, in what that is, and so on to a place: the graph of `isa` in other words."""
    return _write_ends(_Pools(OBJECTS, CONTAINERS, PLACES), _CONTAINMENT_WORDINGS[template], rng, depth)


_RELATION_WORDINGS = (
    RuleWording("{1} of {0} is {2}", "{0} ; from {1} go to {2}", " , to ", "{1} of {0} is {2}"),
    RuleWording("{2} is {1} of {0}", "{0} ; who is {2} of {1} ?", " of ", "{1} of {0} is {2}", last_first=True),
    RuleWording("{0} has {1} {2}", "start with {1} , find {2} : {0}", " , ", "{1} of {0} is {2}"),
    RuleWording("{0} has {1} {2}", "{0} ; from {1} find {2}", " , to ", "{1} of {0} is {2}"),
)


def _write_relations(rng: Random, depth: int, template: int) -> Draft:
    """The boss of the friend of somebody (see `rules`); one template names them from the outside in."""
    return write_rules(NAMES, RELATIONS, _RELATION_WORDINGS[template], rng, depth)


ISA = Family(
    name="isa",
    domain="logic",
    primitives=("look-up", "chain"),
    write=_write_isa,
    graph_from=3,
)
COMPOSED = Family(
    name="relations",
    domain="logic",
    primitives=("look-up", "chain", "composition", "inverse"),
    write=_write_relations,
    graph_from=2,
)
CONTAINMENT = Family(
    name="containment",
    domain="logic",
    primitives=("look-up", "chain"),
    write=_write_containment,
    graph_from=3,
)
