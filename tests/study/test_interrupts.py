"""Ctrl-C is heard even where Python drops the exception."""

import signal

import pytest

from pipeline.study.run import interrupts


@pytest.fixture
def _handler_put_back():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_handler_put_back")
def test_an_interrupt_that_was_swallowed_is_raised_at_the_next_look():
    interrupts.listen()
    interrupts.check()  # nothing yet
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):  # as if the first one had been lost
        interrupts.check()
    interrupts.listen()
    interrupts.check()


@pytest.mark.usefixtures("_handler_put_back")
def test_where_the_shell_ignores_it_it_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.listen()
    signal.raise_signal(signal.SIGINT)
    interrupts.check()
