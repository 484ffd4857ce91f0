"""What kind of file system a folder lies on. Linux tells; elsewhere nothing is known."""

import re
from pathlib import Path

NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "sshfs", "juicefs", "wekafs",
     "panfs", "pvfs2", "afs")
)  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")


def network_kind(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The name of the network file system that a folder lies on; empty where it lies on a local or an unknown one."""
    kind = _kind(folder.absolute(), mounts).removeprefix("fuse.")
    return kind if kind in NETWORK else ""


def _kind(folder: Path, mounts: Path) -> str:
    """Of the deepest mount point above it; the latest one, where one lies over another."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    deepest, kind = -1, ""
    for line in lines:
        fields, _, rest = line.partition(" - ")  # proc(5): the fifth field is the mount point, then as many as you like
        point = Path(_unescaped(fields.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, kind = len(point.parts), rest.split()[0]
    return kind


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)
