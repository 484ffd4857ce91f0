import unicodedata

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, normalizers, pre_tokenizers, trainers

from pipeline.core.chat import SPECIAL_TOKENS
from pipeline.core.seeds import generator
from pipeline.tokenize.spelled import _KNOWN, _LONGEST, Speller  # pyright: ignore[reportPrivateUsage]

SAMPLE = [
    "The old house, which stood by the river since 1987, wasn't theirs; they'd leave it: \u201cat last\u201d \u2014",
    "def f(x):\n    return x ** 2 + 10\n\n\n\tif x >= 12.5:  print('caf\u00e9', \"na\u00efve\")\r\n" * 3,
    "<think> 12 + 30 = 42 . so it's 42 </think> I'll say we've 1,000,000 ... or more?!",
] * 4
PIECES = (
    *("the", "house", "caf\u00e9", "\u00df", "O", "don", "s", "ll", "ve", "re", "d", "0", "12", "1987"),
    *(" ", " ", " ", "  ", "\n", "\n\n", "\t", "\r\n", " \n "),
    *(
        "'",
        "'s",
        "'t",
        "'ll",
        "'ve",
        "''",
        "\u2019",
        "\u201c",
        "\u2014",
        ".",
        "...",
        "<",
        ">",
        "<|",
        "|>",
        "</",
        "=",
        "**",
    ),
    *SPECIAL_TOKENS,
)


def trained(pre_tokenizer=None):
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizer or pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(SAMPLE, trainer)
    return backend


def texts(seed, number=1500):
    draw = generator("spelled", seed)
    return ["".join(PIECES[at] for at in draw.integers(0, len(PIECES), draw.integers(0, 40))) for _ in range(number)]


def assert_spelled_as_tokenizers_do(backend, given, width=np.uint16):
    found = Speller(backend, width).encode(given)
    for text, ids, expected in zip(given, found, backend.encode_batch(given), strict=True):
        assert ids.dtype == width
        assert ids.tolist() == expected.ids, repr(text)


@pytest.mark.parametrize("width", [np.uint16, np.uint32])
def test_ids_are_those_of_tokenizers(width):
    given = texts("plain")
    assert all(_KNOWN.fullmatch(text) for text in given)
    assert_spelled_as_tokenizers_do(trained(), [*given, *SAMPLE, ""], width)


def test_each_pair_of_characters_is_cut_as_tokenizers_do():
    known = [chr(code) for code in range(0x2100) if _KNOWN.fullmatch(chr(code))]
    assert len(known) > 150
    assert_spelled_as_tokenizers_do(trained(), [one + other for one in known for other in "a7 \n'.\u2019\u00e9"])


def test_characters_are_of_the_class_they_are_taken_for():
    for code in range(0x110000):
        character = chr(code)
        if _KNOWN.fullmatch(character) and not character.isascii():
            expected = "L" if character.isalpha() else "PS"
            assert unicodedata.category(character)[0] in expected, hex(code)
            assert not character.isspace()


@pytest.mark.parametrize(
    "strange", ["\u0661", "\u00bd", "\u00b2", "\x1f", "\u00a0", "\u2028", "\x0b", "\u4e2d", "e\u0301"]
)
def test_a_text_with_any_other_character_goes_to_tokenizers(strange):
    assert not _KNOWN.fullmatch(strange)
    given = [f"{text}{strange}{other}" for text, other in zip(texts("a", 60), texts("b", 60), strict=True)]
    assert_spelled_as_tokenizers_do(trained(), [*given, *texts("c", 20)])


@pytest.mark.parametrize("change", ["other cut", "normalizer", "lstrip"])
def test_any_other_tokenizer_does_it_all_itself(change):
    backend = trained(pre_tokenizers.ByteLevel(add_prefix_space=True) if change == "other cut" else None)
    if change == "normalizer":
        backend.normalizer = normalizers.Lowercase()
    if change == "lstrip":
        from tokenizers import AddedToken

        backend.add_tokens([AddedToken("<sep>", lstrip=True)])
    assert Speller(backend, np.uint16)._words is None  # pyright: ignore[reportPrivateUsage]
    assert_spelled_as_tokenizers_do(backend, [*texts("d", 100), "The OLD <sep> house"])


def test_words_are_kept_and_long_ones_are_not():
    speller = Speller(trained(), np.uint16)
    (ids,) = speller.encode(["the the the" + "x" * (_LONGEST + 1)])
    words = speller._words  # pyright: ignore[reportPrivateUsage]
    assert words is not None
    assert sorted(words) == [" the", "the"]  # the third runs on into the long one
    assert len(ids)
