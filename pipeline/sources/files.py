"""Local files: which a glob names, their checksums, their lines and their text.

JSON lines come through the `datasets` library as plain lines and are parsed here: its own JSON reader (5.2)
guesses types, so that a text such as "2020-01-01" comes back as a datetime, and names no line in its errors.
"""

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.errors import UserError
from pipeline.sources.config import Files


def find_files(files: Files, data_root: Path | None) -> dict[str, Path]:
    """The files that the globs name, by their path below the data root, in sorted order.

    Raises UserError where there is no data root and where a glob matches nothing.
    """
    if data_root is None:
        raise UserError(f"files {files.paths[0]!r} need a data root, and none is given; add data_root=<folder>")
    if not data_root.is_dir():
        raise UserError(f"data_root {data_root} is no folder; give the folder that holds {files.paths[0]!r}")
    found: dict[str, Path] = {}
    for pattern in files.paths:
        matches = [path for path in data_root.glob(pattern) if path.is_file()]
        if not matches:
            raise UserError(f"glob {pattern!r} matches no file below {data_root}; correct `paths` or data_root")
        found |= {path.relative_to(data_root).as_posix(): path for path in matches}
    return dict(sorted(found.items()))


def file_checksums(files: Files, data_root: Path | None) -> dict[str, str]:
    """Checksum of each file's bytes, by its path below the data root.

    Raises UserError where there is no data root and where a glob matches nothing.
    """
    return {name: _checksum(path) for name, path in find_files(files, data_root).items()}


def verify_checksums(files: Files, data_root: Path | None) -> None:
    """Raise UserError unless the files are those that the config's checksums name; none named: any will do."""
    if not files.checksums:
        return
    found = file_checksums(files, data_root)
    for name in sorted(found.keys() | files.checksums.keys()):
        expected, actual = files.checksums.get(name, "not there"), found.get(name, "not there")
        if expected != actual:
            raise UserError(f"file {name!r} changed: checksum {actual}, expected {expected}; restore it or plan anew")


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row of a JSONL file with where it stands, `<file>:<line>`; blank lines are skipped.

    Raises UserError for a line that is no JSON object.
    """
    from datasets import config, load_dataset

    config.HF_UPDATE_DOWNLOAD_COUNTS = False  # else it tells the hub that a local file is read
    lines = load_dataset("text", data_files=[str(path)], split="train", streaming=True, encoding="utf-8-sig")
    for number, line in enumerate(lines, start=1):
        text: str = line["text"]
        if text.strip():
            where = f"{path}:{number}"
            yield where, _parse(text, where)


def read_text(path: Path) -> str:
    """A text file, decoded as UTF-8 or else Windows-1252; line ends and a byte order mark normalised."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # five bytes mean nothing there either
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_text(text: str, max_words: int) -> Iterator[str]:
    """Texts of about `max_words` words: each ends at the first blank line from there on.

    Half as much again and it ends at the line's end: some texts have no blank lines (one of 48 novels tried
    would else be a single document of 358,000 words).
    """
    held: list[str] = []
    num_words = 0
    for line in text.split("\n"):
        held.append(line)
        num_words += len(line.split())
        is_paragraph_end = not line.strip()
        if (num_words >= max_words and is_paragraph_end) or 2 * num_words >= 3 * max_words:
            yield "\n".join(held).strip()
            held, num_words = [], 0
    yield "\n".join(held).strip()


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        row: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where} is no JSON ({error}); correct or remove the line") from error
    if not isinstance(row, dict):
        raise UserError(f"{where} is no JSON object but {line[:40]!r}; each line must hold one row")
    return row


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()[:32]
