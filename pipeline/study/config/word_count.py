"""How many words a tokenizer will have, as far as that is known before it is made."""

from pipeline.tasks.world.lexicon import WORDS
from pipeline.tokenize.config import Tokenizer

_MARKS = 6  # special tokens of our tokenizers


def num_words(tokenizer: Tokenizer) -> int:
    """Words and marks; 0 where only the file or the hub knows."""
    return len(WORDS) + _MARKS if tokenizer.kind == "world" else tokenizer.vocab_size
