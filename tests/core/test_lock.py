"""Locks within one process: two handles on one path exclude each other."""

import os
from pathlib import Path

import pytest

from pipeline.core.lease import LeaseLock
from pipeline.core.lock import LockHeldError, lock

PATIENCE = 1.0  # seconds


@pytest.mark.parametrize("kind", ["kernel", "lease"])
def test_a_held_lock_refuses_others_and_a_released_one_does_not(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "locks" / "a.lock"
    for _ in range(3):
        with lock(path, kind) as held:
            assert held.still_owned()
            with pytest.raises(LockHeldError), lock(path, kind, blocking=False):
                pass
            with lock(tmp_path / "locks" / "b.lock", kind, blocking=False):
                pass


def test_a_kernel_lock_leaves_no_file_and_a_lease_one(tmp_path: Path) -> None:
    for _ in range(3):
        with lock(tmp_path / "a.lock"):
            pass
    assert list(tmp_path.iterdir()) == []
    for _ in range(3):
        with lock(tmp_path / "a.lock", "lease"):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.lock.000000003"]
    assert (tmp_path / "a.lock.000000003").read_text() == "released"


def test_a_lock_is_released_when_its_block_raises(tmp_path: Path) -> None:
    for kind in ("kernel", "lease"):
        with pytest.raises(ValueError, match="inside"), lock(tmp_path / kind, kind):
            raise ValueError("inside")
        with lock(tmp_path / kind, kind, blocking=False):
            pass


def test_a_forked_child_does_not_keep_its_dead_parents_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    (ready, say_ready), (end, say_end) = os.pipe(), os.pipe()
    owner = os.fork()
    if owner == 0:  # takes the lock, leaves an orphan behind, and dies without releasing
        with lock(path):
            if os.fork() == 0:
                os.close(say_end)
                os.write(say_ready, b"x")
                os.read(end, 1)  # lives on until the test is over, however it ends
            os._exit(0)
    os.waitpid(owner, 0)
    os.read(ready, 1)
    try:
        with lock(path, blocking=False):
            pass
    finally:
        os.close(say_end)


def test_a_lease_is_taken_from_a_dead_owner_whatever_the_clocks_say(tmp_path: Path) -> None:
    for mtime in (0, 2**33):  # 1970 and 2242
        dead = tmp_path / f"{mtime}.lock.000000007"
        dead.write_text("somebody 12")
        os.utime(dead, (mtime, mtime))
        with lock(tmp_path / f"{mtime}.lock", "lease", patience_seconds=PATIENCE) as held:
            assert held.still_owned()
            assert not dead.exists()


def test_a_lease_superseded_is_lost_for_good(tmp_path: Path) -> None:
    lease = LeaseLock(tmp_path / "a.lock")
    assert lease.acquire(blocking=False)
    (tmp_path / "a.lock.000000002").write_text("thief 0")
    assert not lease.still_owned()
    (tmp_path / "a.lock.000000002").unlink()
    assert not lease.still_owned()
    lease.release()


def test_a_sleeper_cannot_claim_a_number_that_was_used_and_removed(tmp_path: Path) -> None:
    sleeper = LeaseLock(tmp_path / "a.lock")
    assert sleeper.acquire(blocking=False)  # generation 1
    (tmp_path / "a.lock.000000003").write_text("released")  # 2 came and went, 3 removed it
    assert not sleeper.still_owned()
    sleeper.release()
    assert sorted(path.name for path in tmp_path.glob("*2")) == []
    assert (tmp_path / "a.lock.000000003").read_text() == "released"


def test_a_beating_lease_is_not_taken_however_long_others_wait(tmp_path: Path) -> None:
    owner = LeaseLock(tmp_path / "a.lock", PATIENCE)
    assert owner.acquire(blocking=False)
    asked: list[bool] = []

    class Impatient(LeaseLock):
        """Looks twenty times, which takes two spans of patience, then gives the owner's lease back."""

        def _read(self, generation: int) -> str:
            if len(asked) == 20:
                asked.append(owner.still_owned())
                owner.release()
            elif len(asked) < 20:
                asked.append(True)
            return super()._read(generation)

    other = Impatient(tmp_path / "a.lock", PATIENCE)
    assert other.acquire(blocking=True)
    assert asked == [True] * 21
    other.release()
