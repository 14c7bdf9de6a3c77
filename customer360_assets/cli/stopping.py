"""How a command that writes ends when it is asked to: at once, by a thread of its own.

Dagster replaces signal handlers while it runs a step and puts back others than it found, an
exception of a handler may be lost in a callback, and a long query returns to no handler. A byte
that the interpreter writes for each signal is lost to none of these. To end at once is safe:
everything is published in one atomic step, and what a killed process leaves is cleared by the next.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""What a progress line has hidden."""


@contextmanager
def stoppable(consequence: str) -> Iterator[None]:
    """End the process with one sentence, and 128 + its number, at the first SIGINT or SIGTERM.

    A signal that the process was started to ignore, such as SIGINT behind `&`, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = {s for s in ENDING if signal.getsignal(s) is not signal.SIG_IGN}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Of the ignored ones too: Dagster gives SIGTERM whatever SIGINT has, and so would ignore it.
    before = {s: signal.signal(s, _noted) for s in ENDING}
    other = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reading, heard, consequence), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(other)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)
        watch.join()
        os.close(reading)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Ignore the signal: its byte is already in the pipe."""


def _watch(reading: int, heard: Collection[int], consequence: str) -> None:
    while byte := os.read(reading, 1):
        if byte[0] in heard:
            _end(signal.Signals(byte[0]), consequence)


def _end(ending: signal.Signals, consequence: str) -> NoReturn:
    with suppress(OSError):
        if os.isatty(1):
            os.write(1, SHOW_CURSOR)
        os.write(2, f"Stopped by {ending.name}. {consequence}\n".encode())
    os._exit(128 + ending)
