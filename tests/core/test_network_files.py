"""What network file systems do otherwise: lists that are old, other error numbers, locks that end at the machine."""

import errno
import os
from pathlib import Path

import pytest

from pipeline.core.files import look_afresh
from pipeline.core.ledger import Ledger
from pipeline.core.mounts import network_kind
from pipeline.core.store import Store, Wanted

WANTED = Wanted(stage="toys", label="toy", version=1, literals={"size": 3}, seed=0)
NAME = f"toy-{WANTED.fingerprint[:12]}"
MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:43 / /shared rw,relatime shared:9 master:3 - nfs4 filer:/x rw,vers=4.2
41 40 0:44 / /shared/my\040scratch rw - fuse.sshfs user@host:/x rw
42 40 0:45 / /shared/local rw - xfs /dev/vdb rw
43 22 0:46 / /over rw - nfs filer:/y rw
44 43 0:47 / /over rw - tmpfs tmpfs rw
"""


class Remembering(Store):
    """A store on another machine, whose file system tells what it once saw in a folder until it has changed it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "lease")
        self._seen: dict[str, list[Path]] = {}

    def look_afresh(self, stage: str) -> None:
        os.utime(self.root / stage, ns=(0, 0))
        super().look_afresh(stage)
        if (self.root / stage).stat().st_mtime_ns:  # it was changed
            self._seen.pop(stage, None)

    def _folders(self, stage: str) -> list[Path]:
        return self._seen.setdefault(stage, super()._folders(stage))


def make(out: Path) -> Ledger:
    (out / "toy.txt").write_text("abc")
    return Ledger(documents=3)


def never(out: Path) -> Ledger:
    raise AssertionError(f"must not be made again: {out}")


def test_what_another_machine_has_built_is_not_built_again_though_the_list_is_old(tmp_path: Path) -> None:
    other = Remembering(tmp_path)
    assert other.find("toys", WANTED.fingerprint) is None
    artifact = Store(tmp_path, "lease").build(WANTED, make)
    assert other.find("toys", WANTED.fingerprint) is None
    assert other.build(WANTED, never) == artifact


def test_an_owner_whose_lease_was_taken_sees_what_the_new_one_has_built(tmp_path: Path) -> None:
    def make_meanwhile(out: Path) -> Ledger:
        elsewhere = Store(tmp_path / "elsewhere").build(WANTED, make).folder
        elsewhere.rename(tmp_path / "toys" / NAME)  # by somebody who lost patience with us
        return make(out)

    (tmp_path / "toys").mkdir()
    slow = Remembering(tmp_path)
    artifact = slow.build(WANTED, make_meanwhile)
    assert artifact.folder.name == NAME
    assert [path.name for path in (tmp_path / "toys").iterdir()] == [NAME]


def test_looking_afresh_leaves_nothing(tmp_path: Path) -> None:
    look_afresh(tmp_path / "toys")
    assert list((tmp_path / "toys").iterdir()) == []


def test_a_name_that_is_taken_is_no_error_whatever_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def sftp(source: Path, target: Path) -> None:
        if Path(target).exists():
            raise PermissionError(errno.EPERM, "Operation not permitted")
        rename(source, target)

    monkeypatch.setattr(os, "rename", sftp)
    (tmp_path / "toys" / NAME).mkdir(parents=True)  # half removed by hand: without its record
    assert Store(tmp_path).build(WANTED, make).folder.name == f"{NAME}-r2"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/shared/runs", "nfs4"),
        ("/shared/my scratch/runs", "sshfs"),
        ("/shared/local/a", ""),
        ("/over", ""),
    ],
)
def test_the_deepest_and_latest_mount_says_what_a_folder_lies_on(folder: str, kind: str, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_kind(Path(folder), mounts) == kind
    assert network_kind(Path(folder), tmp_path / "none") == ""
