"""Which tensors a field's result depends on: found in its graph, so that no gradient is dropped unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from core.ode.field import Field
from core.ode.problem import Layout, State, pieces_of, transforming


def leaves_behind(results: Iterable[Tensor], known: Iterable[Tensor]) -> list[Tensor]:
    """The leaf tensors that require a gradient and that `results` were computed from, other than through `known`."""
    known = list(known)
    found: dict[int, Tensor] = {}
    seen = {tensor.grad_fn for tensor in known if tensor.grad_fn is not None}
    nodes = []
    for result in results:
        if result.grad_fn is not None:
            nodes.append(result.grad_fn)
        elif result.requires_grad:
            found[id(result)] = result
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)  # AccumulateGrad holds its leaf
        if isinstance(variable, Tensor):
            found[id(variable)] = variable
        nodes.extend(child for child, _ in node.next_functions if child is not None)
    for tensor in known:
        found.pop(id(tensor), None)
    return list(found.values())


def probe(
    func: Callable[..., State], layout: Layout, y0: State, t0: float, given: Iterable[Tensor] | None
) -> tuple[State, tuple[Tensor, ...]]:
    """func(t0, y0), without its graph, and the tensors that a gradient must be integrated for.

    Args:
        func: the field.
        layout: of its state.
        y0, t0: where to look.
        given: the user's choice of tensors; all that are found by default.

    Raises:
        NotImplementedError: under forward-mode differentiation or a transform of torch.func.
        ValueError: see `parameters_of`.
    """
    if transforming():
        raise NotImplementedError(
            "odeint_adjoint and odeint_checkpointed have reverse-mode gradients by torch.autograd only: use odeint "
            "under torch.func or forward mode"
        )
    states = tuple(piece.detach().clone().requires_grad_() for piece in pieces_of(y0))
    field = Field(func, layout)
    time = field.time(t0)  # func may differentiate by it inside
    slopes = pieces_of(field(time, states if layout.is_tuple else states[0]))
    params = parameters_of(func, given, slopes, (time, *states))
    detached = tuple(slope.detach() for slope in slopes)
    return (detached if layout.is_tuple else detached[0]), params


class Kept:
    """Parameters between a forward and a backward pass, as the tensors that they are.

    `save_for_backward` may give back others (under hooks that move saved tensors), which the field does not use.
    """

    def __init__(self, params: tuple[Tensor, ...]) -> None:
        self._params = params
        self._versions = [param._version for param in params]

    def again(self) -> tuple[Tensor, ...]:
        """The parameters.

        Raises:
            RuntimeError: one has been changed in place since.
        """
        for param, version in zip(self._params, self._versions, strict=True):
            if param._version != version:
                raise RuntimeError(
                    f"a parameter of shape {tuple(param.shape)} was changed in place between the solve and its "
                    "backward pass, which needs it as it was: call backward before the optimiser's step"
                )
        return self._params


def parameters_of(
    func: object, given: Iterable[Tensor] | None, results: Iterable[Tensor], states: Iterable[Tensor]
) -> tuple[Tensor, ...]:
    """The tensors whose gradient an adjoint solve must integrate.

    Args:
        func: the field; a module brings its parameters.
        given: the user's choice.
        results: of func, evaluated once with a graph.
        states: its arguments, time among them, which are no parameters.

    Raises:
        TypeError: `given` is a single tensor.
        ValueError: `given` leaves out a tensor that func uses and that requires a gradient.
    """
    if isinstance(given, Tensor):
        raise TypeError("the parameters must be a sequence of tensors; got one tensor: write (parameter,)")
    own_parameters = func.parameters() if isinstance(func, nn.Module) else ()
    known = list(own_parameters if given is None else given)
    missing = leaves_behind(results, [*states, *known])
    if given is not None and missing:
        shapes = ", ".join(str(tuple(leaf.shape)) for leaf in missing)
        raise ValueError(
            f"func uses {len(missing)} tensor(s) that require a gradient but are not among the parameters given "
            f"(shapes {shapes}): their gradient would be lost. Add them, give none at all, or detach them in func"
        )
    return tuple(parameter for parameter in [*known, *missing] if parameter.requires_grad)
