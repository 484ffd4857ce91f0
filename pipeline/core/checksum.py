"""What an artifact's folder holds, byte for byte: the checksum of each file, and of the whole.

The whole is a hash over (path, size, checksum) of every file, so equal content means equal files under equal
names. The record itself and `logs/` are context (clock times, hosts) and do not count.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash

RECORD = "record.json"
LOGS = "logs"
RESUME = ".parents.json"  # what an unfinished, resumable work folder was begun from; never part of the content
RESTART = "restart"  # a folder from which an unfinished stage carries on; likewise
_CONTEXT = (RECORD, LOGS, RESUME, RESTART)
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of an artifact."""

    path: str  # relative to the artifact, with forward slashes
    size: int  # bytes
    checksum: str  # 32 hex digits of XXH3-128


def file_checksum(path: Path) -> str:
    """XXH3-128 of a file's bytes. It guards against accidents and tells contents apart; it keeps no secrets."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def list_files(folder: Path) -> tuple[FileEntry, ...]:
    """Every file that counts, sorted by path. An artifact holds its own bytes, so links are refused."""
    return tuple(
        FileEntry(
            path=path.relative_to(folder).as_posix(),
            size=path.stat().st_size,
            checksum=file_checksum(path),
        )
        for path in content_paths(folder)
    )


def content_paths(folder: Path) -> Iterator[Path]:
    """Paths of the files that count, sorted."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.relative_to(folder).parts[0] in _CONTEXT:
            continue
        assert not path.is_symlink(), f"{path} is a link; an artifact holds its own bytes"
        if path.is_file():
            yield path


def content_checksum(folder: Path) -> str:
    """32 hex digits over the relative path and the bytes of every file that counts."""
    return checksum_of(list_files(folder))


def checksum_of(files: Iterable[FileEntry]) -> str:
    """The content checksum that follows from a list of files."""
    digest = hashlib.blake2b(digest_size=16)
    for entry in sorted(files, key=lambda entry: entry.path):
        digest.update(f"{entry.path}\0{entry.size}\0{entry.checksum}\n".encode())
    return digest.hexdigest()
