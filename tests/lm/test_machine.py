"""The process around a run: what is changed for its time, and put back."""

import pytest
import torch

from pipeline.lm.models import machine
from pipeline.lm.models.machine import exact, keeping_memory


def test_threads_and_determinism_hold_inside_and_are_put_back():
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with exact(before[0] + 1):
        assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (before[0] + 1, True)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


class Libc:
    """Remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def mallopt(self, which, value):
        self.asked.append((which, value))

    def malloc_trim(self, _pad):
        self.asked.append("trim")


def test_freed_memory_is_kept_inside_and_given_back_at_the_end(monkeypatch):
    libc = Libc()
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda _: libc)
    with pytest.raises(ZeroDivisionError), keeping_memory():
        assert libc.asked == [(-1, 2**30), (-3, 2**30)]
        raise ZeroDivisionError
    assert libc.asked[2:] == [(-1, 2**17), (-3, 2**17), "trim"]


def test_without_glibc_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda _: object())
    with keeping_memory():
        pass
