"""datatrove's document tokenizer with a loss mask that cannot cut a document short.

The stock mask asks which token holds the character at which loss begins; where that character is a space the
answer is none, and everything from the prompt on is dropped without a word (datatrove 0.10.1). Here the last
character of the prompt is asked for instead: it closes `<|assistant|>` and always has a token.
"""

from pathlib import Path

import numpy as np
from datatrove.data import Document as Piece
from datatrove.pipeline.tokens import DocumentTokenizer
from tokenizers import Encoding
from tokenizers.processors import TemplateProcessing


class MaskedTokenizer(DocumentTokenizer):
    """Encodes text as it stands, in order, with loss from `metadata["loss_start"]` on."""

    def __init__(self, *, output_folder: Path, tokenizer: Path, save_filename: str) -> None:
        """Write `<save_filename>_00000_unshuffled.ds*` into a folder. tokenizer: a tokenizer.json."""
        super().__init__(
            output_folder=str(output_folder),
            tokenizer_name_or_path=str(tokenizer),
            save_filename=save_filename,
            save_loss_metadata=True,
            save_final_metadata=False,  # it would hold the tokenizer's path
            shuffle_documents=False,
            batch_size=1000,
        )
        # `render` has put every special token where it belongs: the tokenizer's own adds nothing.
        self.post_processor = TemplateProcessing(single="$A", special_tokens=[])

    def get_loss_values(self, document: Piece, encoded: Encoding) -> np.ndarray:
        """Bool (tokens,): whether each token carries loss."""
        carries_loss = np.ones(len(encoded.ids), np.bool_)
        start: int = document.metadata["loss_start"]
        if start:
            last = encoded.char_to_token(start - 1)
            assert last is not None, f"{document.id}: no token closes the prompt"
            carries_loss[: last + 1] = False
        return carries_loss
