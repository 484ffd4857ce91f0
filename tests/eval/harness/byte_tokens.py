"""What the fixtures and tests of this folder share."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers


def byte_backend(special_tokens, more_tokens=()):
    """A tokenizer whose tokens are bytes, and these."""
    vocabulary = [*special_tokens, *more_tokens, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(vocabulary)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(list(special_tokens))
    backend.add_tokens(list(more_tokens))
    return backend
