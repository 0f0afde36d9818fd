"""Weight files: where they lie, and how they become a network without trusting them.

A file is data until it is checked. An official ``.pth`` is hashed before it is parsed, parsed by
torch's restricted unpickler (which builds tensors and runs nothing), and compared with the network
key by key; safetensors holds nothing but tensors. Whatever is wrong with a file is a `WeightsError`
whose message a learner can act on.
"""

import hashlib
import os
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from core.nn.registry import ASSETS, Pretrained
from core.nn.stages import Stages


class WeightsError(Exception):
    """Weights cannot be had: what happened, what was expected and what to try, in sentences."""


class BadFileError(WeightsError):
    """A weight file that cannot be read, is damaged, or belongs to another network."""


def cache_folder() -> Path:
    """Where downloads are kept: ``neural-ode-gradcam/weights`` in the user's cache folder.

    Source: XDG base directory specification (a relative XDG_CACHE_HOME is to be ignored).
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "neural-ode-gradcam" / "weights"


def folders() -> list[Path]:
    """Where weight files are looked for, in this order: WEIGHTS_DIR if set, the cache, the program's assets."""
    given = os.environ.get("WEIGHTS_DIR")
    return [*([Path(given).expanduser()] if given else []), cache_folder(), ASSETS]


def find(entry: Pretrained) -> Path | None:
    """The first file of `folders` that bears the entry's name: ``<name>.safetensors`` or the official one."""
    paths = (folder / name for folder in folders() for name in (f"{entry.name}.safetensors", entry.file))
    # Not Path.is_file, which raises for a folder that may not be entered.
    return next((path for path in paths if os.path.isfile(path)), None)


def advice(entry: Pretrained) -> str:
    """The sentence that ends most messages: another way to the weights."""
    return f"You can also put the file {entry.file} into the folder that the environment variable WEIGHTS_DIR names."


def load(entry: Pretrained, path: Path) -> Stages:
    """The entry's network with the weights of a file: float32, in evaluation mode, frozen.

    Args:
        entry: which network.
        path: safetensors, or what `torch.save` wrote of a state dict (any other suffix). Half
            precision is widened. The network does not depend on the file afterwards.

    Raises:
        BadFileError: a file that cannot be read, whose sha256 is not the official one, that holds
            anything but tensors, or whose keys or shapes are not the network's.
    """
    with torch.device("meta"):  # No memory, no random numbers for weights that are replaced at once.
        net = entry.build()
    state = _read(entry, path)
    expected = net.state_dict()
    for key in expected.keys() - state.keys():
        # A counter that evaluation never reads; files older than PyTorch 0.4.1 (VGG-16 BN's) lack it.
        if key.endswith(".num_batches_tracked"):
            state[key] = torch.zeros((), dtype=torch.int64)
    _compare(entry, path, expected, state)
    # Copied one by one: safetensors maps the file, and a mapped file that is overwritten ends the process.
    copies = {key: state.pop(key).to(value.dtype, copy=True) for key, value in expected.items()}
    net.load_state_dict(copies, assign=True)
    # Channels last in memory: convolutions are about a sixth faster so (benchmarks/gradcam.py).
    net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (missing in torch's stub)
    return net.eval().requires_grad_(False)


def has_prefix(stream: BufferedReader, prefix: str) -> bool:
    """Whether the sha256 of what `stream` holds from here on begins with these hex digits."""
    return hashlib.file_digest(stream, "sha256").hexdigest().startswith(prefix)


def _read(entry: Pretrained, path: Path) -> dict[str, Tensor]:
    try:
        with path.open("rb") as stream:  # One open file, so that what was hashed is what is parsed.
            if path.suffix == ".safetensors":
                state = _parse(entry, path, lambda: load_file(path))
            else:
                if entry.sha256_prefix is not None and not has_prefix(stream, entry.sha256_prefix):
                    raise BadFileError(
                        f"{path.name} is damaged or is not {entry.title}'s official file: expected a sha256 that "
                        f"begins with {entry.sha256_prefix}. Download it again. {advice(entry)}"
                    )
                stream.seek(0)
                state = _parse(entry, path, lambda: torch.load(stream, map_location="cpu", weights_only=True))
    except OSError as error:
        raise BadFileError(
            f"{path.name} cannot be read ({error.strerror or error}). Allow it, or get the file again. {advice(entry)}"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadFileError(
            f"{path.name} is not a state dict: expected names with tensors; got another {type(state).__name__}. "
            f"Delete it and get it again. {advice(entry)}"
        )
    return state


def _parse(entry: Pretrained, path: Path, parser: Callable[[], object]) -> object:
    try:
        return parser()
    except Exception as error:  # A parser among arbitrary bytes fails in arbitrary ways, OSError among them.
        raise BadFileError(
            f"{path.name} is cut off, damaged or holds something other than tensors: expected the weights of "
            f"{entry.title}. Delete it and get it again. {advice(entry)}"
        ) from error


def _compare(entry: Pretrained, path: Path, expected: dict[str, Tensor], got: dict[str, Tensor]) -> None:
    missing = [key for key in expected if key not in got]
    surplus = [key for key in got if key not in expected]
    if missing or surplus:
        raise BadFileError(
            f"{path.name} does not fit {entry.title}: expected {len(expected)} tensors; got {len(got)}, "
            f"of which {_some(missing)} missing and {_some(surplus)} unknown. {advice(entry)}"
        )
    for key, value in expected.items():
        if got[key].shape != value.shape or got[key].is_floating_point() != value.is_floating_point():
            raise BadFileError(
                f"{path.name} does not fit {entry.title}: expected {key} to be {_described(value)}; "
                f"got {_described(got[key])}. {advice(entry)}"
            )


def _some(keys: list[str]) -> str:
    """At most three of the names.

    >>> _some(["a", "b", "c", "d", "e"])
    '5 (a, b, c, ...)'
    """
    shown = ", ".join(str(key)[:80] for key in keys[:3]) + (", ..." if len(keys) > 3 else "")
    return f"{len(keys)} ({shown})" if keys else "0"


def _described(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"
