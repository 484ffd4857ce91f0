"""The collector rests inside, and is as before afterwards."""

import gc
import sys
import types

import pytest

from pipeline.core import collector


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_rests_and_is_then_as_before(was_enabled):
    before = gc.isenabled()
    (gc.enable if was_enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), collector.at_rest():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is was_enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_what_was_imported_is_never_looked_through_again(monkeypatch):
    before = gc.get_freeze_count()
    with collector.importing():
        pass
    assert gc.get_freeze_count() == before  # nothing came
    cycle: list[object] = []
    cycle.append(cycle)
    with collector.importing():
        monkeypatch.setitem(sys.modules, "frontload_new", types.ModuleType("frontload_new"))
    try:
        assert gc.get_freeze_count() > before
        assert not any(each is cycle for each in gc.get_objects())  # it is among the frozen
    finally:
        gc.unfreeze()
