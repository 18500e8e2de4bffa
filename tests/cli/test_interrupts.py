from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

from qa.cli.terminal import remembered_interrupts


def test_a_swallowed_interrupt_is_raised_again() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), remembered_interrupts() as check:  # noqa: PT012
        check()
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        check()
        pytest.fail("it was lost")
    assert signal.getsignal(signal.SIGINT) is before


def test_an_unchecked_interrupt_is_raised_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), remembered_interrupts():  # noqa: PT012 - it is the end
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        done = True
    assert done


def test_interrupts_are_ignored_outside_the_main_thread() -> None:
    done: list[bool] = []

    def work() -> None:
        with remembered_interrupts() as check:
            check()
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
