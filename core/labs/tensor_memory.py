"""How many bytes of tensors live: measured, by watching every operation of torch in this thread."""

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode  # the only way to see tensors that autograd does not keep


class Meter(TorchDispatchMode):
    """Inside it, counts the memory of all tensors that operations return, until nobody holds them any more.

    Views and results in place share memory and count once. What Python itself needs, such as the nodes of the graph,
    is not counted.

    Args:
        known: tensors that are there anyway, such as weights: not counted.

    Attributes:
        live: bytes at this moment.
        peak: the most so far.
    """

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._known = [tensor.untyped_storage() for tensor in known]  # held, so that their ids stay theirs
        self._ids = {id(storage) for storage in self._known}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run an operation and look at what it returns."""
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(one, Tensor):
                self._see(one.untyped_storage())
        return out

    def _see(self, storage: torch.UntypedStorage) -> None:
        if id(storage) in self._ids:
            return
        size = storage.nbytes()
        self._ids.add(id(storage))
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._gone, id(storage), size)

    def _gone(self, storage: int, size: int) -> None:
        self._ids.discard(storage)
        self.live -= size


def stored_states(value: Tensor) -> int:
    """Bytes of states that `core.ode.odeint_checkpointed` keeps as arrays for the backward pass of `value`.

    The solver holds small states as numpy's arrays, which a `Meter` does not see.
    """
    found, seen, waiting = 0, set(), [value.grad_fn]
    while waiting:
        node: Node | None = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [following for following, _ in node.next_functions]
        tape = getattr(node, "tape", None)
        if tape is not None:
            found += sum(state.nbytes for state in [*tape.states, tape.end] if not isinstance(state, Tensor))
    return found
