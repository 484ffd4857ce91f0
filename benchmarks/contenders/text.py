"""The tunnel's base text, encoded and planned by the rooms. Apart from `world`: contenders do not load all this."""

from pathlib import Path

from benchmarks.contenders.job import LENGTH, ROWS
from benchmarks.contenders.world import KEY
from pipeline.core.track import Silent
from pipeline.curate.config import Curation
from pipeline.curate.curate import curate
from pipeline.mix.config import Mixing
from pipeline.mix.plan import mix
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus
from pipeline.tasks.world.dials import BaseText
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.encode import tokenize
from pipeline.tokenize.tokenizer import train_tokenizer


def prepare(folder: Path, steps: int, num_documents: int = 6000) -> None:
    """Base text, tokenizer and plan, made by the rooms: `raw`, `kept`, `tokenizer`, `base`, `plan`."""
    raw, kept, words, shard, plan = (folder / name for name in ("raw", "kept", "tokenizer", "base", "plan"))
    for path in (raw, kept, words, shard, plan):
        path.mkdir()
    corpus = Corpus(name="base", world=BaseText(num_documents=num_documents), heldout_documents=10)
    collect(corpus, study_key=KEY, data_root=None, out=raw, track=Silent())
    curate(Curation(is_world=True), raw, suites=(), study_key=KEY, data_root=None, out=kept, track=Silent())
    train_tokenizer(Tokenizer(kind="world"), {}, data_root=None, out=words, track=Silent())
    tokenize(words, kept, out=shard, track=Silent())
    config = Mixing(
        weights={"base": 1.0},
        budget=steps * ROWS * LENGTH,
        unit="tokens",
        loss="all",
        max_repetitions={"base": 99.0},
        sequence_length=LENGTH,
        stream_key=KEY,
    )
    mix(config, {"base": shard}, out=plan, track=Silent())
