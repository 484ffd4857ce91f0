"""The store as one look found it: every record read once, and the damaged ones told apart from what was made from them.

An artifact has checksums and a record of its own, so damage to what it was made from is no damage to it. Still a
person wants to see it: what went missing can no longer be checked, and another one may come in its place.
"""

from pathlib import Path

from pipeline.core.artifact import Artifact
from pipeline.core.catalog import Catalog
from pipeline.core.errors import UserError
from pipeline.core.intact import expect_whole
from pipeline.core.nearest import name_of


class Snapshot(Catalog):
    """A catalog that is read when it is made. A record that cannot be read is no attempt in it; nothing raises."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.readable: dict[Path, Artifact] = {}  # by folder, sorted by stage and folder name
        self.damaged: dict[Path, str] = {}  # by folder: what is wrong with its record or its files
        for shelf in self._shelves():
            for folder in self._finished(shelf):
                self._look(folder)
        self._attempts: dict[tuple[str, str], list[Artifact]] = {}
        for artifact in self.readable.values():
            self._attempts.setdefault((artifact.stage, artifact.fingerprint), []).append(artifact)

    def attempts(self, stage: str, fingerprint: str) -> list[Artifact]:
        """Every attempt at one artifact whose record can be read, oldest first."""
        found = self._attempts.get((stage, fingerprint), [])
        return sorted(found, key=lambda artifact: (artifact.record.attempt, artifact.folder.name))

    def trouble(self, folder: Path) -> str:
        """What the matter is with a folder in `damaged`, in a word or two."""
        return "damaged" if folder in self.readable else "not readable"

    def damaged_origins(self, artifact: Artifact) -> list[str]:
        """Those of `damaged` that it was made from, as far back as records can be read; none where all are sound.

        One that is there again in a sound attempt is none of them: whether its content is the same, `staleness` tells.
        """
        names: dict[str, None] = {}
        todo, seen = [artifact], {artifact.folder}
        while todo:
            for parent in todo.pop().record.parents:
                folder = self.root / parent.stage / parent.folder
                if folder in self.damaged and not self._is_there_again(parent.stage, parent.fingerprint):
                    names[f"{name_of(parent)}, which is {self.trouble(folder)}"] = None
                if folder in self.readable and folder not in seen:
                    seen.add(folder)
                    todo.append(self.readable[folder])
        return list(names)

    def _look(self, folder: Path) -> None:
        try:
            artifact = self.readable[folder] = Artifact.open(folder)
            expect_whole(artifact)
        except UserError as error:
            self.damaged[folder] = str(error)

    def _is_there_again(self, stage: str, fingerprint: str) -> bool:
        return any(artifact.folder not in self.damaged for artifact in self.attempts(stage, fingerprint))
