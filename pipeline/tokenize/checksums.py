"""Which files a tokenizer is made of, and what is in them: a tokenizer in a folder is known by its content."""

from hashlib import file_digest
from pathlib import Path

from pipeline.core.errors import UserError

FILES = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt", "*.model", "config.json")


def tokenizer_checksums(path: str, data_root: Path | None) -> dict[str, str]:
    """Checksum of each tokenizer file in a folder below the data root. Raises UserError where there is no tokenizer."""
    if data_root is None or not (data_root / path / "tokenizer.json").is_file():
        raise UserError(f"tokenizer path {path!r} has no tokenizer.json below data_root {data_root}; correct either")
    files = {file for pattern in FILES for file in (data_root / path).glob(pattern) if file.is_file()}
    return {file.name: _checksum(file) for file in sorted(files)}


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()[:32]
