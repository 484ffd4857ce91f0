"""Tiny training worlds: a word-level tokenizer, encoded corpora and a plan, as the rooms upstream would leave them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.seeds import generator
from pipeline.core.shard import Shard

NUM_WORDS = 34
VOCAB_SIZE = 40  # with the six special tokens


@dataclass(frozen=True)
class World:
    folder: Path
    plan: MixPlan
    corpora: Mapping[str, Path]

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer"

    @property
    def mix(self) -> Path:
        return self.folder / "mix"

    @property
    def shards(self) -> dict[str, Shard]:
        return {name: Shard.open(folder) for name, folder in self.corpora.items()}

    def planned(self, **changes: object) -> "World":
        world = replace(self, plan=replace(self.plan, **changes))
        world.plan.save(self.mix / "plan.json")
        return world


@pytest.fixture
def training_world(tmp_path: Path) -> World:
    return _make_training_world(tmp_path)


@pytest.fixture(scope="session")
def make_training_world() -> Callable[[Path], World]:
    """For a world that several tests share: makes one in a folder."""
    return _make_training_world


def _make_training_world(folder: Path) -> World:
    """Corpora `base` (plain) and `qa` (loss on the second half of a document), half of the tokens each."""
    write_tokenizer(folder / "tokenizer")
    corpora = {name: folder / name for name in ("base", "qa")}
    sources = tuple(write_corpus(name, path) for name, path in corpora.items())
    plan = MixPlan(
        budget=3000,
        unit="tokens",
        loss="all",
        sequence_length=32,
        block_rows=16,
        stream_key="test/phase",
        sources=sources,
    )
    (folder / "mix").mkdir()
    return World(folder, plan, corpora).planned()


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from pipeline.core.chat import CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS

    words = [*SPECIAL_TOKENS, *(f"w{index}" for index in range(NUM_WORDS))]
    core = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token=PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token=PAD, eos_token=END)
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)


def write_corpus(name: str, folder: Path, num_documents: int = 40) -> PlannedSource:
    random = generator("tiny", name)
    lengths = random.integers(6, 15, size=num_documents)
    tokens = np.concatenate([document(random, int(length)) for length in lengths]).astype(np.uint16)
    is_answer = [np.arange(length) >= (length // 2 if name == "qa" else 0) for length in lengths]
    folder.mkdir()
    tokens.tofile(folder / "train.ds")
    np.cumsum(lengths).astype(np.uint64).tofile(folder / "train.ds.index")
    np.concatenate(is_answer).tofile(folder / "train.ds.loss")
    (folder / "meta.json").write_bytes(orjson.dumps({"vocab_size": VOCAB_SIZE}))
    return PlannedSource(
        corpus=name,
        share=0.5,
        unit_per_document=len(tokens) / num_documents,
        num_documents=num_documents,
        unique_tokens=len(tokens),
        planned=1500,
        passes=1500 / len(tokens),
    )


def document(random: np.random.Generator, length: int) -> np.ndarray:
    """Words that count upwards from a random one, then the end mark: something to learn."""
    start = int(random.integers(NUM_WORDS))
    return np.append(6 + (start + np.arange(length - 1)) % NUM_WORDS, 1)
