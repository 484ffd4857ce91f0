"""Why a stage would run, or why not: what is wanted beside the nearest artifact there is."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.core.artifact import Artifact, Wanted
from pipeline.core.fingerprint import NUM_SHOWN, changes
from pipeline.core.record import Parent


def why_not_done(wanted: Wanted, found: Artifact) -> list[str]:
    """Of a stage that has an artifact: whether that still counts."""
    moved = _moved_parents(found, wanted)
    if moved:
        return [f"{place_of(found)} is there, but its parents have other content now:", *moved]
    if not all(isinstance(parent, Artifact) for parent in wanted.parents):
        return [f"{place_of(found)} is there, and counts if what it is made from comes out the same"]
    return [f"{place_of(found)} is there: nothing to do"]


def why_missing(wanted: Wanted, unfinished: Iterable[Path], others: Sequence[Artifact]) -> list[str]:
    """Of a stage that has none: which literal, parent or version differs from the nearest of the others."""
    lines = ["not there"]
    lines += [f"an unfinished attempt is there: {folder.name}" for folder in unfinished]
    if not others:
        return [*lines, f"nothing of the stage {wanted.stage} is there"]
    compared = [(differences(artifact, wanted), artifact) for artifact in others]
    nearest_lines, nearest = min(compared, key=lambda pair: (len(pair[0]), pair[1].label != wanted.label))
    return [*lines, f"the nearest is {place_of(nearest)}; what is wanted differs from it in:", *nearest_lines]


def differences(artifact: Artifact, wanted: Wanted) -> list[str]:
    """A line for each literal, the version and each parent in which they differ: `what: old -> new`."""
    record = artifact.record
    lines = [f"{path}: {old} -> {new}" for path, old, new in changes(record.literals, wanted.literals)]
    if record.version != wanted.version:
        lines.append(f"version of the room: {record.version} -> {wanted.version}")
    old_parents = [name_of(parent) for parent in record.parents]
    new_parents = [f"{new.stage} {new.label} ({new.fingerprint[:NUM_SHOWN]})" for new in wanted.parents]
    old_ids = [parent.fingerprint for parent in record.parents]
    new_ids = [parent.fingerprint for parent in wanted.parents]
    for index in range(max(len(old_ids), len(new_ids))):
        if old_ids[index : index + 1] != new_ids[index : index + 1]:
            old, new = (names[index] if index < len(names) else "absent" for names in (old_parents, new_parents))
            lines.append(f"parent {index + 1}: {old} -> {new}")
    return lines


def name_of(parent: Parent) -> str:
    """A parent as people know it, with its 12 digits."""
    return f"{parent.stage} {parent.label} ({parent.fingerprint[:NUM_SHOWN]})"


def place_of(artifact: Artifact) -> str:
    """Its folder below the store."""
    return f"{artifact.stage}/{artifact.folder.name}"


def _moved_parents(found: Artifact, wanted: Wanted) -> list[str]:
    """Parents whose content is not what the artifact was made from; those that are not built yet cannot be told."""
    pairs = zip(found.record.parents, wanted.parents, strict=True)
    return [name_of(old) for old, new in pairs if isinstance(new, Artifact) and new.content != old.content]
