"""An end for computations that may never end, such as a simplification by sympy."""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(BaseException):
    """The time is used up. Not an `Exception`: sympy catches those on its way."""


AGAIN = 0.2
"""Seconds after which it is raised again: one that comes while a generator is being closed is lost."""

_inside = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in this thread, and in no other, once so many seconds are over.

    Another thread asks the interpreter to raise it between two steps of Python: that works in every thread, costs
    nothing meanwhile (a profiler's hook, which could look at the clock too, makes sympy three times slower), and
    leaves nothing running. A single call into C is not interrupted.

    Raises:
        RuntimeError: inside of another deadline, which it would cancel.
    """
    if getattr(_inside, "deadline", False):
        raise RuntimeError("a deadline inside of a deadline")
    thread, lock, done = threading.get_ident(), threading.Lock(), threading.Event()
    over = rung = False

    def ring() -> None:
        nonlocal rung
        wait = seconds
        while not done.wait(wait) and not over:
            with lock:
                if not over:
                    rung = True
                    _order(thread)
            wait = AGAIN

    threading.Thread(target=ring, daemon=True).start()
    _inside.deadline = True
    try:
        yield
    finally:
        over = True  # first of all, and without a call: only between calls can the exception still come
        _inside.deadline = False
        done.set()
        with lock:  # not in the middle of an order
            if rung:
                _receive(thread)


def _order(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))


def _receive(thread: int) -> None:
    """Take what may be ordered and not yet raised, this thread's own order in its place.

    To withdraw an order would leave Python 3.11 looking for it forever: slower, and under a tracer in an endless loop.
    """
    try:
        _order(thread)
        while True:
            pass
    except OutOfTime:
        return
