"""Looking at a lock without taking it."""

import pytest

from pipeline.core.lock import lock
from pipeline.core.watch import Watch


@pytest.mark.parametrize("kind", ["kernel", "lease"])
def test_a_lock_is_held_while_it_is_held(kind, tmp_path):
    path = tmp_path / "name.lock"
    watch = Watch(path, kind, patience_seconds=60)
    assert not watch.is_held()
    with lock(path, kind, patience_seconds=60):
        assert watch.is_held() and watch.is_held()
    assert not watch.is_held()


def test_a_look_takes_nothing(tmp_path):
    path = tmp_path / "name.lock"
    with lock(path) as held:
        assert Watch(path, "kernel", 1.0).is_held()
        assert held.still_owned()
    assert list(tmp_path.iterdir()) == []
    assert not Watch(path, "kernel", 1.0).is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_lease_whose_heart_stands_still_is_held_until_patience_ends(tmp_path, monkeypatch):
    path = tmp_path / "name.lock"
    path.with_name("name.lock.000000003").write_text("someone 7")
    now = [100.0]
    monkeypatch.setattr("pipeline.core.watch.time.monotonic", lambda: now[0])
    watch = Watch(path, "lease", patience_seconds=5)
    assert watch.is_held()
    now[0] += 4.9
    assert watch.is_held()
    path.with_name("name.lock.000000003").write_text("someone 8")
    now[0] += 4.9
    assert watch.is_held()
    now[0] += 5.0
    assert not watch.is_held()
