"""Rows of a Hugging Face data set, streamed by the `datasets` library; or of its copy below the data root.

A copy lies in `hub/<owner>/<name>`, as `hf download --local-dir` leaves it and as the benchmarks' copies lie; where
there is one, nothing is fetched. No code of a data set is ever run: `datasets` 5 cannot.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError
from pipeline.sources.config import Hub
from pipeline.sources.files import checksums_of
from pipeline.sources.found import Found

_COPIES = "hub"


def local_copy(hub: Hub, data_root: Path | None) -> Path | None:
    """The folder that holds a copy of the data set; None where there is none."""
    folder = data_root / _COPIES / hub.dataset if data_root else None
    return folder if folder and folder.is_dir() else None


def copy_checksums(hub: Hub, data_root: Path | None) -> dict[str, str]:
    """Checksum of each file of a local copy, hidden ones aside; empty where there is none."""
    folder = local_copy(hub, data_root)
    if folder is None:
        return {}
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return checksums_of({name: path for name, path in named.items() if not name.startswith(".") and "/." not in name})


def hub_rows(hub: Hub, data_root: Path | None) -> Iterator[Found]:
    """Rows of the split in order, one block in memory at a time.

    Raises UserError, with what to do, for a data set that is gated, unknown, changed or out of reach.
    """
    folder = local_copy(hub, data_root)
    if hub.checksums and copy_checksums(hub, data_root) != hub.checksums:
        raise UserError(f"the copy of {hub.dataset} below data_root changed since it was planned; run the line again")
    if folder is None and not hub.is_pinned:
        raise UserError(
            f"hub data set {hub.dataset} has revision {hub.revision!r}, and what is read so cannot be read again; "
            "give `hub.revision` of its corpus, the commit that its page shows under Files and versions, or put a copy "
            f"into data_root: `{_download(hub)}`"
        )
    with _explained(hub):
        for number, row in enumerate(_stream(hub, folder), start=1):
            yield Found(number, f"{hub.dataset}[{hub.split}]: row {number}", row)


def _stream(hub: Hub, folder: Path | None) -> Any:
    from datasets import config, load_dataset

    config.HF_UPDATE_DOWNLOAD_COUNTS = False  # else it tells the hub that a local file is read
    name = str(folder) if folder else hub.dataset
    revision = None if folder else hub.revision
    return load_dataset(name, hub.subset or None, revision=revision, split=hub.split, streaming=True)


@contextmanager
def _explained(hub: Hub) -> Generator[None]:
    """Turn what the libraries raise into one line that says what to do."""
    import httpx
    from datasets.exceptions import DatasetGenerationError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except (OSError, ValueError, RuntimeError, httpx.HTTPError, DatasetGenerationError, HfHubHTTPError) as error:
        raise UserError(explanation(hub, error)) from error


def explanation(hub: Hub, error: Exception) -> str:
    """What a library's error means for the one who asked for the data set, and what to do."""
    causes = [error, error.__cause__, error.__context__]
    said = " ".join(f"{type(cause).__name__} {cause}" for cause in causes if cause is not None)
    first = " ".join(str(error).split())[:160]
    meanings = (
        (("gated", "GatedRepo"), "is gated: ask for access on its page, then run `hf auth login` (or set HF_TOKEN) and "
         "this line again"),
        (("RevisionNotFound", "Invalid rev id"), f"has no revision {hub.revision!r}; give a commit of its page"),
        (("no longer supported", "trust_remote_code"), "is a program, and none is run here; give a revision with plain "
         "files (refs/convert/parquet)"),
        (("DatasetNotFound", "RepositoryNotFound"), "does not exist, or is private: correct the name, or run "
         "`hf auth login`"),
        (("Bad split", "Unknown split", "BuilderConfig"), f"cannot be read so ({first}); correct `split` or `subset`"),
        (("Offline", "Connect", "Timeout", "Couldn't reach"), f"cannot be reached ({first}); try again, or "
         f"`{_download(hub)}`"),
    )  # fmt: skip
    for signs, meaning in meanings:
        if any(sign.lower() in said.lower() for sign in signs):
            return f"hub data set {hub.dataset} {meaning}"
    return f"hub data set {hub.dataset} cannot be read ({type(error).__name__}: {first}); look at its page"


def _download(hub: Hub) -> str:
    return f"hf download {hub.dataset} --repo-type dataset --local-dir DATA_ROOT/{_COPIES}/{hub.dataset}"
