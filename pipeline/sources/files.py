"""Local files: which a glob names, and their checksums."""

from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.sources.config import Files


def find_files(files: Files, data_root: Path | None) -> dict[str, Path]:
    """The files that the globs name, by their path below the data root, in sorted order.

    A folder stands for every file in it that is not hidden. Raises UserError where there is no data root and where a
    glob matches nothing.
    """
    if data_root is None:
        raise UserError(f"files {files.paths[0]!r} need a data root, and none is given; add data_root=<folder>")
    if not data_root.is_dir():
        raise UserError(f"data_root {data_root} is no folder; give the folder that holds {files.paths[0]!r}")
    found: dict[str, Path] = {}
    for pattern in files.paths:
        matches = _matches(pattern, data_root)
        if not matches:
            raise UserError(f"glob {pattern!r} matches no file below {data_root}; correct `paths` or data_root")
        found |= {path.relative_to(data_root).as_posix(): path for path in matches}
    return dict(sorted(found.items()))


def _matches(pattern: str, data_root: Path) -> list[Path]:
    try:
        named = list(data_root.glob(pattern))
    except (ValueError, NotImplementedError) as error:  # an empty or an absolute pattern
        raise UserError(f"glob {pattern!r} is none ({error}); give a path below data_root") from error
    inside = [path for folder in named if folder.is_dir() for path in folder.rglob("*")]
    shown = [path for path in inside if not any(part.startswith(".") for part in path.relative_to(data_root).parts)]
    return [path for path in (*named, *shown) if path.is_file()]


def file_checksums(files: Files, data_root: Path | None) -> dict[str, str]:
    """Checksum of each file's bytes, by its path below the data root.

    Raises UserError where there is no data root and where a glob matches nothing.
    """
    return checksums_of(find_files(files, data_root))


def checksums_of(paths: Mapping[str, Path]) -> dict[str, str]:
    """Checksum of each file's bytes."""
    return {name: _checksum(path) for name, path in paths.items()}


def verify_checksums(files: Files, data_root: Path | None) -> None:
    """Raise UserError unless the files are those that the config's checksums name; none named: any will do."""
    if not files.checksums:
        return
    found = file_checksums(files, data_root)
    for name in sorted(found.keys() | files.checksums.keys()):
        expected, actual = files.checksums.get(name, "not there"), found.get(name, "not there")
        if expected != actual:
            raise UserError(f"file {name!r} changed: checksum {actual}, expected {expected}; restore it or plan anew")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()[:32]
