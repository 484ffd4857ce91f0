"""Base text and look-ups: the lexicon's words, the promised lengths, no traces, answers that stand in the question."""

import re
from collections import Counter
from itertools import chain
from random import Random

import pytest

from pipeline.tasks.world import lexicon
from pipeline.tasks.world.base_text import KINDS, base_text, echo, fact, recall
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lookup import SORTS, lookup_in_split, lookup_problem
from pipeline.tasks.world.split import split_of

WORDS = set(lexicon.WORDS)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text_is_23_to_110_words_of_the_lexicon_and_holds_no_arithmetic(kind):
    for seed in range(1500):
        words = base_text(Random(seed), kind).split(" ")
        assert set(words) <= WORDS
        assert 23 <= len(words) <= 110
        assert kind == "fact" or not {"=", "+", "-"} & set(words)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"fact", "knowledge"}))
def test_plain_text_says_most_of_its_rare_words_again(kind):
    rare = {word for pool in (lexicon.NAMES, lexicon.PLACES, lexicon.OBJECTS, lexicon.CREATURES) for word in pool}
    said = [word for seed in range(300) for word in base_text(Random(seed), kind).split(" ")]
    texts = [base_text(Random(seed), kind).split(" ") for seed in range(300)]
    first = sum(len(rare & set(words)) for words in texts)
    assert first / sum(word in rare for word in said) < 0.6  # the rest can be copied


def test_an_echo_says_each_sequence_twice_more():
    for text in (text for seed in range(300) if (text := echo(Random(seed).random)).startswith("copy : ")):
        told, *again = text.removeprefix("copy : ").removesuffix(" .").split(" ; ")
        assert again == [told, told]


ITEM = r"\w+(?: \w+)?"  # a key may be two words
QUESTION = re.compile(
    rf"^(?:what is (?P<a>{ITEM}) \? (?:now it is )?|from (?P<b>{ITEM}) , show |find (?P<c>{ITEM}) and show it : |"
    rf"which has (?P<d>{ITEM}) in the list \? |start at (?P<e>{ITEM}) , and then find what is |(?P<f>{ITEM}) : )"
    rf"(?P<answer>{ITEM})$"
)
TOLD = re.compile(rf"^(?:the )?(?P<key>{ITEM}) (?::|is|has|is in the|of|wants the) (?P<value>\w+)$")
FORM_WORDS = {"the", "is", "has", "in", "of", "wants"}  # as keys or values they hide what the key is


def test_an_echo_says_or_asks_each_pair_again_in_every_round():
    texts = [echo(Random(seed).random).removesuffix(" .") for seed in range(600)]
    texts = [text for text in texts if " ; " in text and not text.startswith("copy : ")]
    directions = Counter()
    for text in texts:
        told, *rounds = text.split(" ; ")
        comma = " , " if " , " in told else " . "
        facts = [TOLD.match(fact) for fact in told.split(comma)]
        for each in rounds:
            if sorted(each.split()) == sorted(told.split()):
                continue  # said again as it was told
            again = re.split(rf"{re.escape(comma)}(?!show |and then )", each)
            found = [QUESTION.match(question) for question in again]
            assert all(found), (told, each)
            asked = {(next(filter(None, match.groups())), match["answer"]) for match in found}
            if FORM_WORDS & set(" ".join(chain(*asked)).split()):
                continue
            pairs = {(fact["key"], fact["value"]) for fact in facts}
            assert asked == pairs or asked == {(value, key) for key, value in pairs}
            directions["forward" if asked == pairs else "back"] += 1
    assert min(directions["forward"], directions["back"]) > 30
    assert sum(" ; " in text for text in texts) > 400


def test_echoes_of_pairs_are_of_every_size():
    texts = [echo(Random(seed).random) for seed in range(600)]
    sizes = {text.split(" ; ")[0].count(" : ") for text in texts if " : " in text and not text.startswith("copy")}
    assert sizes >= set(range(2, 9))


def test_base_text_shows_every_word():
    said = {word for kind in KINDS for seed in range(2000) for word in base_text(Random(seed), kind).split(" ")}
    assert said == WORDS


def test_a_fact_is_true_and_follows_from_no_other():
    sides = ["north", "east", "south", "west"]
    told = {each for seed in range(2000) for each in fact(Random(seed).random).removesuffix(" .").split(" . ")}
    for left, sign, right, _, result in (each.split() for each in told if each.count(" ") == 4):
        assert int(result) == (int(left) + int(right) if sign == "+" else int(left) - int(right)) % 10
    for side, turn, _, result in (each.split() for each in told if each.count(" ") == 3):
        assert result == sides[(sides.index(side) + (1 if turn == "right" else -1)) % 4]
    assert len(told) == 2 * 10 * 4 + 8
    assert not any(" 0 =" in each for each in told)


def test_a_recalled_neighbour_is_the_neighbour():
    for seed in range(300):
        text = recall(Random(seed).random)
        if "after" not in text:
            continue
        listed, *facts = text.removeprefix("list : ").removesuffix(" .").split(" . ")
        items = listed.split(" , ")
        for each in facts:
            where, one, _, two = each.split(" ")
            assert items.index(two) - items.index(one) == (1 if where == "after" else -1)


def test_a_lookup_is_answered_by_a_fact_of_its_own_prompt_among_distractors():
    for seed in range(500):
        problem = lookup_problem(Random(seed))
        sort = SORTS[problem.template]
        *facts, question = problem.prompt.split(" . ")
        assert set(problem.prompt.split(" ")) <= WORDS
        assert min(5, len(sort.values)) <= len(facts) <= 9
        answering = [
            (key, value)
            for key in sort.keys
            for value in sort.values
            if sort.statement.format(key, value) in facts and sort.question.format(key) == question
        ]
        assert [value for _, value in answering] == [problem.answer]
        assert problem.answer in problem.choices
        assert (problem.depth, problem.steps, problem.family, problem.domain) == (0, (), "lookup", "general")


def test_every_answer_word_of_the_families_is_an_answer_word_of_lookups():
    shown = {value for sort in SORTS for value in sort.values}
    for family in FAMILIES.values():
        for template in range(family.num_templates):
            assert set(family.make(Random(template), 3, template).choices) <= shown, family.name


def test_lookups_are_drawn_from_the_asked_split():
    for split in ("train", "dev", "test"):
        assert {split_of(lookup_in_split(Random(seed), split).structure) for seed in range(20)} == {split}
