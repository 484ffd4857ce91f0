"""Leaks of known identity: all are found, wherever they stand; what only resembles them stays."""

import pytest

from pipeline.core.document import Document
from pipeline.curate.decontaminate import Decontaminator, index_questions
from pipeline.tasks.score import TaskProblem

CLIPS = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May."
SHORT = "What is 2 + 2?"
CHOICES = (
    "Question: Which gas do green plants take up from the air by day?\nA. oxygen\nB. carbon dioxide\nC. neon\nAnswer:"
)
BARE = CHOICES.split("\n", maxsplit=1)[0].removeprefix("Question: ")
STEM = "Which of the following is true?"


def problem(name, prompt, answer="72"):
    return TaskProblem(
        id=name,
        task="t",
        domain="",
        depth=0,
        template="",
        structure="",
        held_out=False,
        prompt=prompt,
        answer=answer,
        choices=(),
    )


@pytest.fixture(scope="module")
def drop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    suites = {
        "gsm8k": [problem("p0", CLIPS), problem("p1", SHORT), problem("p2", "How many legs has a spider in all?", "8")],
        "mmlu": [
            problem("m0", CHOICES),
            *(problem(f"m{i}", f"{STEM}\nA. {word}\nB. no\nAnswer:") for i, word in enumerate(("one", "two"), start=1)),
        ],
    }
    card = index_questions(folder, suites, 13)
    assert card["eval_questions"] == {"gsm8k": 3, "mmlu": 3}
    return Decontaminator(folder, 13, 0.6)


def text(words):
    return Document(id="d", source="s", text=words)


def asked(prompt, answer="5", reasoning=""):
    return Document(id="d", source="s", prompt=prompt, answer=answer, reasoning=reasoning)


@pytest.mark.parametrize(
    "document",
    [
        text(CLIPS),
        text(f"As an example of a chain of thought: {CLIPS} Let us think."),
        text(CLIPS.upper().replace(",", " ;")),
        text(f'Er schrieb: "{CLIPS}"'.replace(" ", "\n")),
        asked(CLIPS),
        asked("Solve it.", reasoning=f"The problem says {CLIPS}"),
        text(f"Q: {SHORT} A: 4"),
        text(f"One is easy.\n{SHORT}\nFour."),
        asked("what is 2 + 2"),
        text("Here is one: How many legs has a spider in all? It has eight."),
        text(f"I read somewhere: {BARE} I do not know."),
    ],
)
def test_every_verbatim_question_is_found(drop, document):
    found = drop(document)
    assert found is not None
    assert found.reason == "contaminated"
    assert "the whole question" in found.evidence


def test_a_part_of_thirteen_words_is_found_whatever_its_numbers(drop):
    thirteen = "sold clips to 99 of her friends in April and then she sold"
    found = drop(text(f"she {thirteen} them"))
    assert found == ("contaminated", "gsm8k: p0: sold clips to 0 of her friends in april and then she sold")
    assert drop(text(f"{' '.join(thirteen.split()[:12])} bought")) is None


def test_the_questions_end_with_its_answer_is_found(drop):
    end = " ".join(CLIPS.replace(",", "").rstrip(".").split()[-12:])
    assert drop(text(f"so {end} nothing")) is None
    assert drop(text(f"so {end} 72")) is not None


@pytest.mark.parametrize(
    "document",
    [
        text("Nothing to see here."),
        asked("what is 2 + 3"),
        text("He asked himself what is 2 + 2 in a world without numbers and went away."),  # no sentence of its own
        text(f"{STEM} It is hard to say."),  # the wording of many questions
        text("Plants take up carbon dioxide."),
        text("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"),
    ],
)
def test_what_only_resembles_a_question_stays(drop, document):
    assert drop(document) is None


def test_of_many_clean_documents_at_most_one_in_a_hundred_goes(drop):
    words = ["sold", "clips", "friends", "april", "then", "she", "half", "as", "many", "may", "which", "gas", "day"]
    documents = [text(" ".join(words[(i * j) % len(words)] for j in range(1, 60))) for i in range(1, 201)]
    assert sum(drop(document) is not None for document in documents) <= 2
