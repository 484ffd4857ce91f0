from itertools import islice

import pytest

from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard
from pipeline.core.track import Silent
from pipeline.curate.config import Curation
from pipeline.curate.curate import curate
from pipeline.lm.training.stream import TokenStream, truncate
from pipeline.mix.config import Mixing
from pipeline.mix.plan import mix
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.families import TRAINED
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.encode import tokenize
from pipeline.tokenize.tokenizer import train_tokenizer

KEY = "t/seed0"
WORLDS = {
    "base": BaseText(num_documents=1500),
    "ldq": Reasoning(
        num_documents=1500,
        families=TRAINED,
        templates=3,
        depths={1: 2.0, 2: 1.0, 4: 1.0},
        styles={"verbose": 0.5, "terse": 0.3, "answer_only": 0.2},
        corrupted_steps=0.06,
    ),
}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    folder(root, "tokenizer")
    train_tokenizer(Tokenizer(kind="world"), {}, data_root=None, out=root / "tokenizer", track=Silent())
    return {name: encode(root, name, world) for name, world in WORLDS.items()}


def folder(root, name):
    (root / name).mkdir()
    return root / name


def encode(root, name, world):
    corpus, curation = Corpus(name=name, world=world, heldout_documents=100), Curation(is_world=True)
    raw, kept, out = (folder(root, f"{name}-{stage}") for stage in ("raw", "kept", "ids"))
    collect(corpus, study_key=KEY, data_root=None, out=raw, track=Silent())
    curate(curation, raw, suites=(), study_key=KEY, data_root=None, out=kept, track=Silent())
    tokenize(root / "tokenizer", kept, out=out, track=Silent())
    return out


@pytest.mark.parametrize(("unit", "loss"), [("tokens", "all"), ("loss_tokens", "answers")])
def test_what_was_asked_of_a_mix_is_what_a_model_sees(encoded, tmp_path, unit, loss):
    config = Mixing(
        weights={"base": 3, "ldq": 1},
        budget="60k",
        unit=unit,
        loss=loss,
        max_repetitions={"base": 4, "ldq": 4},
        sequence_length=144,
        block_rows=64,
        stream_key=KEY,
    )
    mix(config, encoded, out=tmp_path, track=Silent())
    plan = MixPlan.load(tmp_path / "plan.json")
    stream = TokenStream(plan, {name: Shard.open(path) for name, path in encoded.items()})
    seen = [0, 0]
    for batch in stream.batches(8):
        kept = truncate(batch, config.budget - sum(seen), unit)
        counts = stream.count(kept)
        seen = [have + new for have, new in zip(seen, getattr(counts, unit).tolist(), strict=True)]
        if sum(seen) == config.budget:
            break
    assert sum(seen) == 60_000
    assert seen[0] / 60_000 == pytest.approx(0.75, abs=0.02)


def test_documents_of_the_world_come_through_whole(encoded, tmp_path):
    shards = {name: Shard.open(path) for name, path in encoded.items()}
    assert shards["base"].num_documents > 1400  # a few equal short ones are dropped
    assert shards["ldq"].num_documents > 1400
    config = Mixing(
        weights={"ldq": 1},
        budget=1000,
        unit="tokens",
        loss="answers",
        max_repetitions={"ldq": 4},
        sequence_length=144,
        stream_key=KEY,
    )
    mix(config, encoded, out=tmp_path, track=Silent())
    stream = TokenStream(MixPlan.load(tmp_path / "plan.json"), shards)
    for batch in islice(stream.batches(8), 5):
        for ids, starts in zip(batch.input_ids, batch.document_starts, strict=True):
            assert starts.sum() == (ids == 2).sum() == (ids == 1).sum()  # each opens with a question and ends
