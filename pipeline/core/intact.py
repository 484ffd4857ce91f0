"""An artifact whose files are not what its record says is named and never used.

What is cheap is asked each time an artifact is looked up: whether each file is there, in its size. Before anything is
made from it, every byte is read again, once a process. Files of more than `LARGEST_READ` bytes are held to their size
only, since a cluster's shards would take longer to read than to train on: `stage=verify` reads those as well.
"""

from pathlib import Path

from pipeline.core.artifact import Artifact
from pipeline.core.checksum import FileEntry, file_checksum
from pipeline.core.errors import UserError

LARGEST_READ = 4 << 30

_read: set[tuple[Path, int]] = set()  # folders whose bytes this process has found right, and the record's time


def expect_whole(artifact: Artifact) -> None:
    """Raise UserError where a file is missing or has another size than recorded."""
    for entry in artifact.record.files:
        path = artifact.folder / entry.path
        size = _size(path)
        if size != entry.size:
            told = "missing" if size is None else f"{size:,} bytes, and {entry.size:,} were recorded"
            raise _damaged(artifact, path, told)


def expect_intact(artifact: Artifact) -> None:
    """Raise UserError where a file is missing or changed, its bytes read."""
    expect_whole(artifact)
    key = (artifact.folder, artifact.folder.stat().st_mtime_ns)
    if key in _read:
        return
    for entry in artifact.record.files:
        if entry.size <= LARGEST_READ and not _is_as_recorded(artifact.folder, entry):
            raise _damaged(artifact, artifact.folder / entry.path, "its bytes are not those that were recorded")
    _read.add(key)


def _is_as_recorded(folder: Path, entry: FileEntry) -> bool:
    return file_checksum(folder / entry.path) == entry.checksum


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _damaged(artifact: Artifact, path: Path, what: str) -> UserError:
    return UserError(
        f"{path}: {what}; {artifact.stage} {artifact.label} is not used. Remove the folder {artifact.folder} and run "
        "the same line again, it is made anew"
    )
