"""Near-duplicates of known identity: all are found, within a corpus and across corpora, and originals stay."""

import random

import pytest
from test_curate import question, run, text

from pipeline.core.document import write_documents
from pipeline.core.executor import Executor
from pipeline.curate.config import Curation

CONFIG = Curation(decontaminate=False)
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "r", "s", "lo", "ta")]


def story(seed, num_words=120):
    draw = random.Random(seed)
    return [draw.choice(WORDS) for _ in range(num_words)]


def edited(words, share, seed=0):
    """So many of the words exchanged for others."""
    draw = random.Random(f"{seed}-{share}")
    return [draw.choice(WORDS) if draw.random() < share else word for word in words]


def pieces(name, words, size):
    """A text as `sources` cuts it."""
    cut = [" ".join(words[at : at + size]) for at in range(0, len(words), size)]
    return [text(f"{name}:{i}", part, metadata=f'{{"whole":"{name}"}}') for i, part in enumerate(cut)]


def test_near_copies_go_and_originals_stay(tmp_path):
    originals = [text(f"o{i}", " ".join(story(i))) for i in range(30)]
    copies = [text(f"c{i}", f"Copied: {' '.join(story(i)).upper()}!") for i in range(15)]
    kept, _, dropped, _ = run(tmp_path, CONFIG, [*originals, *copies])
    assert kept == [f"o{i}" for i in range(30)]
    assert [(row[1], row[2], row[3]) for row in dropped] == [(f"c{i}", "near_duplicate", f"o{i}") for i in range(15)]


def test_the_same_sum_with_other_numbers_is_another_problem(tmp_path):
    prompt = "Tom has {} apples and buys {} more at the market on his way home. How many apples has he now?"
    documents = [question(f"q{i}", prompt.format(17 * i + 3, 29 * i + 11), answer=str(46 * i + 14)) for i in range(6)]
    kept, *_ = run(tmp_path, CONFIG, documents)
    assert len(kept) == 6


def test_editions_cut_at_other_places_are_found(tmp_path):
    """No two pieces of the editions are alike: one is cut every 60 words, the other every 85, a twentieth of the words
    differs, and so do quotes and case."""
    novel, other = story(1, 2400), story(2, 2400)
    edition = [f"“{word.title()}’s”" if i % 9 == 0 else word for i, word in enumerate(edited(novel, 0.05))]
    straight = [f'"{word.title()}\'s"' if i % 9 == 0 else word for i, word in enumerate(novel)]
    documents = [*pieces("a.txt", straight, 60), *pieces("b.txt", other, 60), *pieces("c.txt", edition, 85)]
    kept, _, dropped, _ = run(tmp_path, CONFIG, documents)
    assert kept == [*(f"a.txt:{i}" for i in range(40)), *(f"b.txt:{i}" for i in range(40))]
    assert len(dropped) == 29
    by_overlap = [row[3] for row in dropped if row[2] == "overlap"]
    assert len(by_overlap) >= 27  # but for a piece or two that begin at the same word
    assert by_overlap[0].startswith("a.txt holds ")


def test_a_text_inside_a_longer_one_loses_only_the_common_part(tmp_path):
    novel, own = story(3, 3200), story(4, 3200)
    mixed = [*own[:1600], *novel[800:1600], *own[1600:]]
    config = CONFIG.model_copy(update={"overlap": CONFIG.overlap.model_copy(update={"one_in": 4})})
    kept, _, dropped, _ = run(tmp_path, config, [*pieces("a.txt", novel, 400), *pieces("m.txt", mixed, 400)])
    assert [row[1] for row in dropped] == ["m.txt:4", "m.txt:5"]
    assert len(kept) == 8 + 8


def test_what_another_corpus_holds_goes_here_and_not_there(tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    write_documents(first / "documents.parquet", [text(f"o{i}", " ".join(story(i))) for i in range(5)])
    write_documents(first / "heldout.parquet", [text("oh", " ".join(story(5)))])
    documents = [text(f"d{i}", f"{' '.join(story(i))} indeed") for i in range(3, 8)]
    kept, _, dropped, card = run(tmp_path, CONFIG, documents, against={"first": first}, executor=Executor(tasks=2))
    assert kept == ["d6", "d7"]
    assert [(row[1], row[3]) for row in dropped] == [("d3", "o3"), ("d4", "o4"), ("d5", "oh")]
    assert card["read"] == {"documents": 5, "heldout": 0}


@pytest.mark.parametrize("switched_off", ["near_duplicates", "overlap"])
def test_each_search_can_be_left_out(tmp_path, switched_off):
    config = Curation(decontaminate=False, **{switched_off: None if switched_off == "overlap" else False})
    documents = [text("a", " ".join(story(1, 60))), text("b", f"{' '.join(story(1, 60))} more")]
    kept, *_ = run(tmp_path, config, documents)
    assert kept == (["a"] if config.near_duplicates else ["a", "b"])


def test_a_text_goes_after_its_chapters_and_chapters_after_their_text(tmp_path):
    first, second = story(8, 3000), story(9, 3000)
    chapters = [text(f"one{at}", " ".join(first[at : at + 600])) for at in range(0, 3000, 600)]
    others = [text(f"two{at}", " ".join(second[at : at + 600])) for at in range(0, 3000, 600)]
    whole = [text(name, " ".join(words)) for name, words in (("one", first), ("two", second))]
    kept, _, dropped, _ = run(tmp_path, CONFIG, [*chapters, whole[1], whole[0], *others])
    assert kept == [*(document.id for document in chapters), "two"]
    assert [row[1:3] for row in dropped] == [("one", "overlap"), *((each.id, "overlap") for each in others)]
    assert dropped[0][3].startswith("5 texts such as one")
    assert dropped[1][3] == "two holds 100% of its 5-grams"


def test_common_phrases_of_many_texts_do_not_add_up(tmp_path):
    texts = [story(seed, 400) for seed in range(20, 40)]
    patchwork = [word for words in texts for word in words[:40]]
    kept, *_ = run(tmp_path, CONFIG, [text(str(i), " ".join(words)) for i, words in enumerate([*texts, patchwork])])
    assert len(kept) == 21
