"""Token ids to text, run by run between the special tokens, so that nobody's space is added next to a mark."""

from collections.abc import Iterator, Mapping, Sequence

from transformers import PreTrainedTokenizerBase


def runs(
    tokenizer: PreTrainedTokenizerBase,
    marks: Mapping[int, str],
    ids: Sequence[int],
    *,
    keep_marks: bool,
    skip_special: bool,
) -> Iterator[str]:
    """The text between marks, and the marks themselves where they are kept.

    marks: what each special token stands for. skip_special: leave out special tokens that are no marks.
    """
    run: list[int] = []
    for token in [*map(int, ids), -1]:
        if token != -1 and token not in marks:
            run.append(token)
            continue
        if run:
            yield str(tokenizer.decode(run, skip_special_tokens=skip_special, clean_up_tokenization_spaces=False))
            run = []
        if keep_marks and token != -1:
            yield marks[token]
