"""A checkpoint from outside the store, given with `checkpoint=`: a folder, or a name on the Hugging Face hub.

What counts is its content, wherever it lies: the same files under another name have been evaluated already.
"""

import re
from functools import lru_cache
from pathlib import Path

from pipeline.core.checkpoint import model_folder
from pipeline.core.checksum import FileEntry, checksum_of, file_checksum
from pipeline.core.errors import UserError

_NEEDED = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")  # never code, never pickles
_HUB_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


@lru_cache(maxsize=8)
def find_checkpoint(name: str) -> Path:
    """The folder of a checkpoint: as given, or as fetched from the hub (`org/name`, `org/name@revision`).

    Raises UserError where there is none.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (model_folder(folder) / "config.json").is_file():
            raise UserError(
                f"checkpoint={name} has no config.json, nor has its model/; give a folder that `save_pretrained` or a "
                "training stage has written"
            )
        return folder
    match = _HUB_NAME.fullmatch(name)
    if folder.exists() or match is None:
        raise UserError(f"checkpoint={name} is no folder; give one, or a name on the hub such as org/name")
    return _fetch(name, match["repo"], match["revision"])


def checkpoint_checksum(folder: Path) -> str:
    """32 hex digits over the files that decide what the checkpoint says."""
    return _checksum(model_folder(folder))


@lru_cache(maxsize=8)
def _checksum(model: Path) -> str:
    found = sorted({path for pattern in _NEEDED for path in model.glob(pattern) if path.is_file()})
    entries = (FileEntry(path=each.name, size=each.stat().st_size, checksum=file_checksum(each)) for each in found)
    return checksum_of(entries)


def checkpoint_label(name: str) -> str:
    """What people know it by: the folder's name, or the hub's."""
    path = Path(name)
    inside = path.name == "model" and path.parent.name
    return path.parent.name if inside else path.name if path.is_dir() else name.replace("/", "--")


def _fetch(name: str, repo: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=list(_NEEDED)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"checkpoint={name} is no folder here, and cannot be had from the hub ({type(error).__name__}: {reason}); "
            "give a local folder, or check the name and the network"
        ) from error
