"""The store's locks and its cleaning up: who is at work, what nobody needs, and its removal."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.core.artifact import Artifact, finished_fingerprint, unfinished_fingerprint
from pipeline.core.catalog import Catalog
from pipeline.core.files import GONE, look_afresh, remove_tree
from pipeline.core.fingerprint import NUM_SHOWN
from pipeline.core.lease import PATIENCE_SECONDS
from pipeline.core.lock import Lock, LockHeldError, LockKind, lock
from pipeline.core.watch import Watch

_LOCKS = ".locks"


class Keeping(Catalog):
    """A catalog with locks. Every process of a study must use the same kind of lock."""

    def __init__(
        self, root: Path, lock_kind: LockKind = "kernel", *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        super().__init__(root)
        self._lock_kind: LockKind = lock_kind
        self._patience = patience_seconds
        self._watches: dict[Path, Watch] = {}

    def is_held(self, stage: str, fingerprint: str) -> bool:
        """Whether another process, or another part of this one, is building an artifact. Takes nothing, waits for
        nothing; a lease whose owner died counts as held until it has stood still for the whole patience.
        """
        path = self._lock_path(stage, fingerprint[:NUM_SHOWN])
        watch = self._watches.setdefault(path, Watch(path, self._lock_kind, self._patience))
        return watch.is_held()

    def look_afresh(self, stage: str) -> None:
        """Before what is there decides: what another machine has built of a stage may not be seen yet."""
        look_afresh(self.root / stage)

    def garbage(self, keep: Iterable[Artifact]) -> list[Path]:
        """Folders that nothing of `keep` was made from, and work folders that nobody is at. Removes nothing."""
        needed = {artifact.folder for artifact in self.reachable(keep)}
        folders = (folder for stage in self._shelves() for folder in self._folders(stage))
        return [
            folder for folder in folders if folder not in needed and self._is_ours(folder) and self._is_idle(folder)
        ]

    def remove(self, folders: Iterable[Path]) -> list[Path]:
        """Remove folders of this store, save those that somebody is at. Returns those that are gone."""
        removed: list[Path] = []
        for folder in folders:
            assert folder.parent.parent == self.root, f"{folder} is not of this store"
            assert self._is_ours(folder), f"{folder} is no artifact"
            try:
                with self._lock(folder.parent.name, _shown(folder), blocking=False):
                    remove_tree(folder)
                removed.append(folder)
            except LockHeldError:
                continue
        return removed

    def _lock(
        self, stage: str, shown: str, *, waiting: Callable[[], None] | None = None, blocking: bool = True
    ) -> AbstractContextManager[Lock]:
        path = self._lock_path(stage, shown)
        return lock(path, self._lock_kind, waiting=waiting, blocking=blocking, patience_seconds=self._patience)

    def _lock_path(self, stage: str, shown: str) -> Path:
        return self.root / _LOCKS / f"{stage}-{shown}.lock"

    def _is_ours(self, folder: Path) -> bool:
        name = folder.name
        is_named = finished_fingerprint(name) is not None or unfinished_fingerprint(name) is not None
        return is_named or name.startswith(GONE)

    def _is_idle(self, folder: Path) -> bool:
        """Whether nobody is at work in it. A lease whose owner died counts as held until somebody takes it over."""
        if unfinished_fingerprint(folder.name) is None:
            return True
        try:
            with self._lock(folder.parent.name, _shown(folder), blocking=False):
                return True
        except LockHeldError:
            return False


def _shown(folder: Path) -> str:
    """What the lock over a folder is named by."""
    return finished_fingerprint(folder.name) or unfinished_fingerprint(folder.name) or folder.name
