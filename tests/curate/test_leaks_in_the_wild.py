"""Eval questions as dumps and books carry them - printed, tagged, escaped, with other names or numbers - are found."""

import json
import textwrap

import pytest
from test_decontaminate import asked, problem, text

from pipeline.curate.decontaminate import Decontaminator, index_questions
from pipeline.curate.mending import mended

CLIPS = (
    "Natalia's café sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many "
    "clips did Natalia's first customers find all together in April and May?"
)
SHORT = "Where does the Nile begin?"
LONG = "Write a function to find the lateral surface area of cuboid."
TASK = (
    "You are a programmer, and here is your task: {} Your code should pass these tests:\n\nassert f({}) == 1\n[BEGIN]\n"
)


@pytest.fixture(scope="module")
def drop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    programs = [problem(f"m{i}", TASK.format(f"Write a function to do the {i}th of all things.", i)) for i in range(30)]
    suites = {
        "gsm8k": [problem("clips", CLIPS), problem("nile", SHORT), problem("who", "Who wrote it?")],
        "mbpp": [*programs, *(problem(name, TASK.format(LONG, name)) for name in ("cuboid", "twin"))],
    }
    index_questions(folder, suites, 13)
    return Decontaminator(folder, 13, 0.6)


def hyphenated(question):
    lines = textwrap.wrap(question, 41)
    return "\n".join(line if i % 2 else f"{line[:-2]}-\n{line[-2:]}" for i, line in enumerate(lines))


def paged(question, between):
    words = question.split()
    return f"{' '.join(words[:9])}{between}{' '.join(words[9:17])}{between}{' '.join(words[17:])}"


SHAPES = {
    "as a dump quotes it": f"Q: {CLIPS}\nA: Let's think step by step.",
    "wrapped and quoted": textwrap.indent(textwrap.fill(CLIPS, 30), "> "),
    "cut at line ends": hyphenated(CLIPS),
    "across pages": paged(CLIPS, "\n\n  [Pg 27]\n\n"),
    "under running heads": paged(CLIPS, "\n\n27  THE BOOK OF SUMS\n\n"),
    "behind a page mark": paged(CLIPS, " {p. 27} "),
    "in entities": CLIPS.replace("'", "&#8217;").replace("é", "&eacute;").replace(",", "&#44;"),
    "in tags": f"<p>{CLIPS.replace('clips', '<hi rend=' + chr(34) + 'i' + chr(34) + '>cl</hi>ips')}</p>",
    "in JSON": json.dumps({"prompt": CLIPS.replace(". ", ".\n")}),
    "with soft hyphens": CLIPS.replace("clips", "cl\u00adips").replace("friends", "fri\u200bends"),
    "with long s and ligatures": CLIPS.replace("s", "ſ").replace("fi", "ﬁ"),
    "in another's tokens": CLIPS.replace("'s", " 's").replace(",", " ,").replace("clips", "cl ips"),
    "with other numbers": CLIPS.replace("48", "1,275"),
    "with numbers in words": CLIPS.replace("48", "forty-eight"),
    "with other names": CLIPS.replace("Natalia", "Bob").replace("April", "June"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_question_is_found_in_whatever_shape(shape, drop):
    found = drop(text(f"Before it stands something else.\n\n{shape}\n\nBehind it, too."))
    assert found is not None
    assert found.evidence.startswith("gsm8k: clips: ")


@pytest.mark.parametrize(
    "shape",
    [SHORT, "Where does the\nNile begin?", f"Q: {SHORT} A: In Burundi.", "<p>Where does the <i>Nile</i> begin?</p>"],
)
def test_a_short_question_is_found_as_a_sentence_over_lines_and_in_tags(shape, drop):
    assert drop(text(f"Something else.\n\n{shape}\n\nMore.")).evidence == "gsm8k: nile: the whole question: " + (
        "where does the nile begin"
    )


def test_a_question_of_three_words_is_one_behind_its_label_or_as_a_prompt(drop):
    assert drop(text("Question: Who wrote it? Answer: she")) is not None
    assert drop(asked("who wrote it")) is not None
    assert drop(text("She asked: who wrote it? Nobody knew.")) is None


def test_a_question_without_its_benchmarks_wording_is_found_also_where_the_benchmark_has_it_twice(drop):
    assert drop(text(f"Task 3. {LONG} Use Python.")).evidence == "mbpp: cuboid: the whole question"


@pytest.mark.parametrize(
    "clean",
    [
        "You are a programmer, and here is your task: tidy up. Your code should pass these tests: none.",
        "Write a function to find the surface area of a sphere, or the lateral one.",
        "Natalia sold half of her clips in May. How many did she sell all together?",
        "In April and May her first customers came, and then she sold half as many as before.",
        "Where does the Nile begin and where does it end?",
    ],
)
def test_what_shares_phrases_with_a_question_stays(clean, drop):
    assert drop(text(clean)) is None


def test_in_a_long_text_the_runs_of_a_question_must_stand_near_one_another(drop):
    words = CLIPS.replace("April", "June").replace("half", "twice").split()
    far = [" ".join(words[at : at + 7]) for at in range(0, len(words), 7)]
    filler = " ".join(f"word{i}" for i in range(120))
    assert drop(text(f" {filler} ".join(far))) is None


@pytest.mark.parametrize(
    "clean", ["a text\nof two lines", "1 < 2 and 3 > 2", "C:\\users", "well-known\nwords", " " * 9000]
)
def test_a_text_without_traces_of_print_is_left_as_it_is(clean):
    assert mended(clean) == clean
