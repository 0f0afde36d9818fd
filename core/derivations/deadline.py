"""An end for computations that may never end, such as a simplification by sympy."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class OutOfTime(BaseException):
    """The time is used up. Not an `Exception`: sympy catches those on its way."""


AGAIN = 0.2
"""Seconds after which it is raised again: one that comes while a generator is being closed is lost."""

_inside = threading.local()


def within(seconds: float, work: Callable[[], Value]) -> Value:
    """What `work` returns; `OutOfTime` is raised in this thread, and in no other, once so many seconds are over.

    Another thread asks the interpreter to raise it between two steps of Python: that works in every thread, costs
    nothing meanwhile (a profiler's hook, which could look at the clock too, makes sympy three times slower), and
    leaves nothing running. A single call into C is not interrupted.

    A function, and no context manager: it may be raised at the first step of any call, before that call's own ``try``.
    Here nothing is called between the work and the end of the ringing.

    Raises:
        OutOfTime: see above; also where the work ended at that very moment.
        RuntimeError: inside of another `within`, which it would cancel.
    """
    if getattr(_inside, "within", False):
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

    bell = threading.Thread(target=ring, daemon=True)
    _inside.within = True
    try:
        bell.start()
        return work()
    finally:
        over = True  # first of all, and without a call: only between calls can the exception still come
        _inside.within = False
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
