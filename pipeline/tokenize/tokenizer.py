"""The study's one tokenizer: the world's word list, a byte-level BPE, or one that exists.

Writes a folder for `AutoTokenizer.from_pretrained`: `tokenizer.json`, its config and the chat template of
`core.chat`. In tokenizers made here the special tokens have the ids 0-5; an existing one gains those it lacks.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from pipeline.core.chat import CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS
from pipeline.core.document import Document, read_documents
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.seeds import permute
from pipeline.core.track import Tracker
from pipeline.tasks.world.lexicon import WORDS
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.existing import from_folder, from_hub


def train_tokenizer(
    config: Tokenizer, corpora: Mapping[str, Path], *, data_root: Path | None, out: Path, track: Tracker
) -> Ledger:
    """Write the study's tokenizer into `out`.

    corpora: curated folders by name, read by kind `bpe` only.
    Raises UserError where there is nothing to train on, and where a tokenizer that should exist cannot be had.
    """
    tokenizer, num_documents = _made(config, corpora, data_root)
    tokenizer.save_pretrained(out)
    track.progress(1, 1, "tokenizers")
    return Ledger(documents=num_documents)


def _made(
    config: Tokenizer, corpora: Mapping[str, Path], data_root: Path | None
) -> tuple[PreTrainedTokenizerBase, int]:
    """The tokenizer, and how many texts it was trained on."""
    if config.kind == "world":
        return _wrap(_world_backend()), 0
    if config.kind == "file":
        return from_folder(config.path, data_root, config.checksums), 0
    if config.kind == "hub":
        return from_hub(config.name, config.revision), 0
    sample = list(_sample(corpora, config.sample_documents))
    if not sample:
        raise UserError("tokenizer kind `bpe` has no document to train on; give corpora, or choose kind `world`")
    return _wrap(_bpe_backend(config.vocab_size, sample)), len(sample)


def _world_backend() -> Backend:
    """A word is a token. There is no token for an unknown word, so that one is an error, never a guess."""
    vocabulary = {token: number for number, token in enumerate((*SPECIAL_TOKENS, *WORDS))}
    backend = Backend(models.WordLevel(vocab=vocabulary, unk_token="no unknown words"))  # noqa: S106 - no password
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens(list(SPECIAL_TOKENS))
    return backend


def _bpe_backend(vocab_size: int, sample: list[str]) -> Backend:
    """Byte-level BPE with every digit apart, as numbers are read best."""
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(sample, trainer)
    return backend


def _wrap(backend: Backend) -> PreTrainedTokenizerFast:
    ids = [backend.token_to_id(token) for token in SPECIAL_TOKENS]
    assert ids == list(range(len(SPECIAL_TOKENS))), ids
    return PreTrainedTokenizerFast(tokenizer_object=_with_visible_marks(backend), **_CHAT)


def _with_visible_marks(backend: Backend) -> Backend:
    """Marks that `skip_special_tokens` leaves in the text: others must be able to tell a thought from an answer."""
    state = json.loads(backend.to_str())
    for token in state["added_tokens"]:
        token["special"] = token["content"] not in _MARKS
    return Backend.from_str(json.dumps(state))


_MARKS = [token for token in SPECIAL_TOKENS if token not in (PAD, END)]
_CHAT = {
    "pad_token": PAD,
    "eos_token": END,
    "chat_template": CHAT_TEMPLATE,
    "clean_up_tokenization_spaces": False,  # what is decoded is what was said
    "model_input_names": ["input_ids", "attention_mask"],
}


def _sample(corpora: Mapping[str, Path], num_documents: int) -> Iterator[str]:
    """Texts of a fixed sample of each corpus, the same for every seed; marks are no part of it.

    Only the chosen documents are kept in memory.
    """
    for corpus in sorted(corpora):
        path = corpora[corpus] / "documents.parquet"
        with pq.ParquetFile(path) as file:
            size = file.metadata.num_rows
        chosen = set(permute(np.arange(min(num_documents, size)), size, "tokenizer", corpus).tolist())
        for index, document in enumerate(read_documents(path)):
            if index in chosen:
                yield from parts(document)


def parts(document: Document) -> list[str]:
    """The texts between the special tokens of a document, without the empty ones."""
    return [part for part in (document.text, document.prompt, document.reasoning, document.answer) if part]
