"""datatrove's document tokenizer with a loss mask that cannot cut a document short, and without its detours.

The stock mask asks which token holds the character at which loss begins; where that character is a space the
answer is none, and everything from the prompt on is dropped without a word (datatrove 0.10.1). Here loss begins after
the mark that closes the prompt, which is a token of its own. So nobody asks for offsets, and `spelled` serves, which
has none; ids and masks go to the files as arrays.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document as Piece
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.tokens.tokenizer import TokenizedFile
from datatrove.utils.batching import batched
from tokenizers.processors import TemplateProcessing

from pipeline.core.chat import ASSISTANT
from pipeline.tokenize.spelled import Speller

BATCH = 128  # documents encoded in one call: few enough to stay in the cache


class MaskedTokenizer(DocumentTokenizer):
    """Encodes text as it stands, in order, with loss from `metadata["loss_start"]` on (a character; 0: all of it)."""

    def __init__(self, *, output_folder: Path, tokenizer: Path, save_filename: str) -> None:
        """Write `<save_filename>_<task>_unshuffled.ds*` into a folder. tokenizer: a tokenizer.json."""
        super().__init__(
            output_folder=str(output_folder),
            tokenizer_name_or_path=str(tokenizer),
            save_filename=save_filename,
            save_loss_metadata=True,
            save_final_metadata=False,  # it would hold the tokenizer's path
            shuffle_documents=False,
            batch_size=BATCH,
        )
        # `render` has put every special token where it belongs: the tokenizer's own adds nothing.
        self.post_processor = TemplateProcessing(single="$A", special_tokens=[])

    def write_unshuffled(self, data: Iterable[Piece], filename: str) -> TokenizedFile:
        """Encode a task's documents, batch by batch, into its files."""
        file = TokenizedFile(self.output_folder, filename, save_loss_metadata=True, token_size=self.token_size)
        width = np.uint32 if self.token_size == 4 else np.uint16
        mark = self.tokenizer.token_to_id(ASSISTANT)
        assert mark is not None, "our tokenizers have all marks"
        speller = Speller(self.tokenizer, width)
        for batch in batched(data, self.batch_size):
            with self.track_time(unit="batch"):
                pieces: list[Piece] = batch
                encoded = speller.encode([piece.text for piece in pieces])
                for piece, ids in zip(pieces, encoded, strict=True):
                    file.write_bytes(ids.tobytes())
                    file.write_loss_bytes(self._loss(piece, ids, mark).tobytes())
                    self.stat_update("tokens", value=len(ids))
        file.close()
        return file

    def _loss(self, piece: Piece, ids: np.ndarray, mark: int) -> np.ndarray:
        """Bool (tokens,): whether each token carries loss."""
        metadata: dict[str, Any] = piece.metadata
        start: int = metadata["loss_start"]
        carries_loss = np.ones(len(ids), np.bool_)
        if start:
            carries_loss[: self._prompt_length(piece, ids, mark, start)] = False
        return carries_loss

    def _prompt_length(self, piece: Piece, ids: np.ndarray, mark: int, start: int) -> int:
        """Tokens up to the mark that closes the prompt; a prompt may quote the mark, so it is counted off."""
        marks = np.flatnonzero(ids == mark)
        if len(marks) == piece.text.count(ASSISTANT):
            return int(marks[piece.text.count(ASSISTANT, 0, start) - 1]) + 1
        # Somebody's tokenizer, whose own tokens swallow ours: ask for the token with the prompt's last character.
        last = self.tokenizer.encode(piece.text).char_to_token(start - 1)
        assert last is not None, f"{piece.id}: no token closes the prompt"
        return last + 1
