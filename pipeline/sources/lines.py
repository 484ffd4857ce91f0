"""Lines of any text file: compressed or not, in the encodings that are found in the wild, never more than a limit.

Compression is told by a file's first bytes, for names lie. Without a byte order mark each line is UTF-8, or
else Windows-1252: files that people joined have both. Frames of zstandard are decoded here one by one, since its
own stream reader ends a truncated file without a word.
"""

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from pipeline.core.errors import UserError
from pipeline.sources.notes import Notes

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SNIFFED = 4096
_FEW = 8  # zero bytes are dirt, not an encoding
_BLOCK_BYTES = 1 << 17
_BOMS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Line(NamedTuple):
    """A line as it stands, with its end; or a part of one that is longer than the limit."""

    number: int  # from 1
    text: str
    is_whole: bool  # False: more of this line follows, or came before


def read_lines(path: Path, *, encoding: str, limit: int, notes: Notes) -> Iterator[Line]:
    """Lines of a file in order; a byte order mark is left out. limit: bytes of a line (characters, with an encoding).

    Raises UserError for a compressed file that is truncated or broken.
    """
    with _opened(path) as file:
        try:
            named = encoding or _sniffed(file)
            yield from _decoded(file, named, limit) if named else _guessed(file, limit, notes)
        except (EOFError, zlib.error, gzip.BadGzipFile, _TruncatedError) as error:
            raise UserError(f"{path} is truncated or broken ({error}); get it again") from error


@contextmanager
def _opened(path: Path) -> Generator[io.BufferedReader]:
    with path.open("rb") as raw:
        start = raw.peek(4)[:4]
        if start.startswith(_GZIP):
            with gzip.open(raw) as unpacked:
                yield io.BufferedReader(cast("Any", unpacked), _BLOCK_BYTES)
        elif start == _ZSTD:
            yield io.BufferedReader(_Unpacked(raw), _BLOCK_BYTES)
        else:
            yield raw


class _TruncatedError(Exception):
    """A compressed stream ends before its end."""


class _Unpacked(io.RawIOBase):
    """The bytes of a zstandard file, frame after frame."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._ready = memoryview(b"")
        self._frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and self._advance():
            pass
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _advance(self) -> bool:
        """Unpack one more block; False at the end."""
        from zstandard import ZstdDecompressor, ZstdError

        block = self._packed.read(_BLOCK_BYTES)
        if not block and self._frame is not None:
            raise _TruncatedError("its last zstandard frame has no end")
        unpacked: list[bytes] = []
        while block:
            self._frame = self._frame or ZstdDecompressor().decompressobj()
            try:
                unpacked.append(self._frame.decompress(block))
            except ZstdError as error:
                raise _TruncatedError(str(error)) from error
            block = self._frame.unused_data if self._frame.eof else b""
            self._frame = None if self._frame.eof else self._frame
        self._ready = memoryview(b"".join(unpacked))
        return bool(unpacked)


def _sniffed(file: io.BufferedReader) -> str:
    """The encoding that a byte order mark, or every second byte being zero, gives away; empty: neither."""
    start = file.peek(_SNIFFED)[:_SNIFFED]
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < max(_FEW, len(start) // 5):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _decoded(file: io.BufferedReader, encoding: str, limit: int) -> Iterator[Line]:
    """What the encoding cannot read becomes U+FFFD."""
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="\n")
    try:
        number, goes_on = 1, False
        while part := text.readline(limit):
            is_end = part.endswith("\n") or len(part) < limit
            yield Line(number, part.removeprefix("\ufeff") if number == 1 else part, is_end and not goes_on)
            number, goes_on = number + is_end, not is_end
    finally:
        text.detach()


def _guessed(file: io.BufferedReader, limit: int, notes: Notes) -> Iterator[Line]:
    number, goes_on = 1, False
    while part := file.readline(limit):
        is_end = part.endswith(b"\n") or len(part) < limit
        text = _guess(part if number > 1 else part.removeprefix(b"\xef\xbb\xbf"), is_whole=is_end, notes=notes)
        yield Line(number, text, is_end and not goes_on)
        number, goes_on = number + is_end, not is_end


def _guess(part: bytes, *, is_whole: bool, notes: Notes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        if not is_whole:
            return part.decode(errors="ignore")  # the limit may have cut a character in two
        notes.repaired["windows_1252_lines"] += 1
        return part.decode("cp1252", errors="replace")  # five bytes mean nothing there either
