"""A tokenizer that exists - in a folder below the data root, or on the hub - given our marks and our chat template.

No code of a repository is ever run: only tokenizer files are read.
"""

from collections.abc import Mapping
from pathlib import Path

from tokenizers import AddedToken
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from pipeline.core.chat import CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS
from pipeline.core.errors import UserError
from pipeline.tokenize.checksums import FILES, tokenizer_checksums


def from_folder(path: str, data_root: Path | None, checksums: Mapping[str, str]) -> PreTrainedTokenizerBase:
    """The tokenizer at `path` below the data root.

    checksums: of its files (`tokenizer_checksums`); none: any will do.
    Raises UserError where there is none, or another than the checksums say.
    """
    found = tokenizer_checksums(path, data_root)
    if checksums and found != dict(checksums):
        changed = sorted(name for name in {*found, *checksums} if found.get(name) != checksums.get(name))
        raise UserError(f"tokenizer {path!r}: {changed[0]} changed since the run was planned; restore it or plan anew")
    assert data_root is not None
    return _with_marks(data_root / path)


def from_hub(name: str, revision: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model on the hub, at a commit; from the hub's own cache where it is there already.

    Raises UserError where it cannot be had: no network, no such model or commit, a gated one without a token.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError

    wanted = f"tokenizer {name!r} at {revision[:12]}"
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(FILES)))
    except GatedRepoError:
        raise UserError(
            f"{wanted} is gated: accept its terms on the model's page, and set HF_TOKEN to a token that may read it"
        ) from None
    except LocalEntryNotFoundError:
        raise UserError(f"{wanted} is not in the cache, and the hub is not reached; run it once with network") from None
    except HfHubHTTPError as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(f"{wanted} cannot be had from the hub ({reason}); check name and revision") from error
    if not (folder / "tokenizer.json").is_file():
        raise UserError(f"{wanted} has no tokenizer.json; choose a model with a fast tokenizer")
    return _with_marks(folder)


def _with_marks(folder: Path) -> PreTrainedTokenizerBase:
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer.add_special_tokens({"pad_token": PAD, "eos_token": END})
    marks = [token for token in SPECIAL_TOKENS if token not in (PAD, END)]
    tokenizer.add_tokens([AddedToken(mark, normalized=False) for mark in marks])
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return tokenizer
