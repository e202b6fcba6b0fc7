"""Signals are wishes; the second one is an order; handlers are handed back."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from vad.training.interrupt import listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_wish_and_a_second_one_interrupts(number):
    before = signal.getsignal(number)
    with listening() as wish:
        assert not wish.is_set
        os.kill(os.getpid(), number)
        assert wish.is_set
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_other_threads_cannot_listen_and_do_not_fail():
    wishes = []

    def work():
        with listening() as wish:
            wishes.append(wish.is_set)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert wishes == [False]
