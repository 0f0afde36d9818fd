r"""Grad-CAM's cost beside its limit and beside the usual libraries.

    python -m benchmarks.gradcam [--rounds 15] [--threads 2] [--models ResNet-18 VGG16]

The **limit** is what no Grad-CAM can undercut without changing the network: the head without a graph,
the tail with one on frozen parameters, one `autograd.grad`, one weighted sum. Libraries run as their
documentation shows, on a network as it is built, whose parameters require gradients; ours runs on a
frozen one; "as loaded" is what `core.nn.weights.load` gives, which also has its weights channels last
in memory. All networks of a model share the same random weights.

Time: every round runs every contender once, in an order that rotates, so that other work on the
machine meets all alike. Shown are medians over the rounds, and medians of the ratios within a round.

Memory: the peak of what torch's CPU allocator holds during one call on a contender that was never
called before, above what it held when the call began. It is exact and repeatable; resident memory
is not, on a CPU: malloc keeps pages that were freed and serves later peaks from them. Buffers inside
oneDNN and numpy are not seen; they are small and alike for all.
"""

import argparse
import gc
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from core.cam import explain, trace
from core.nn.resnet import resnet18
from core.nn.stages import Stages
from core.nn.vgg import vgg16

Call = Callable[[int], Tensor | None]
"""One map of class c; None where what comes out is rescaled to the picture and cannot be compared."""
Maker = Callable[[Stages, str, Tensor], Call]

MODELS: dict[str, tuple[Callable[[], Stages], str]] = {
    "ResNet-18": (resnet18, "layer4.1"),
    "VGG16": (vgg16, "features.29"),
}
CLASSES = 1000


def limit(net: Stages, layer: str, x: Tensor) -> Call:
    names = list(net.stages)
    cut = names.index(layer) + 1
    modules = list(net.stages.values())
    head, tail = nn.Sequential(*modules[:cut]), nn.Sequential(*modules[cut:])
    for parameter in net.parameters():
        parameter.requires_grad_(False)

    def call(c: int) -> Tensor:
        with torch.no_grad():
            a = head(x)
        a.requires_grad_()
        (g,) = torch.autograd.grad(tail(a)[0, c], a)
        return (g.mean((2, 3), keepdim=True) * a.detach()).sum(1).relu()

    return call


def ours(net: Stages, layer: str, x: Tensor) -> Call:
    net.requires_grad_(False)
    return lambda c: explain(net, x, layer, c).map()


def ours_as_loaded(net: Stages, layer: str, x: Tensor) -> Call:
    return ours(channels_last(net), layer, x)


def channels_last(net: Stages) -> Stages:
    net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (missing in torch's stub)
    return net.requires_grad_(False)


def captum(net: Stages, layer: str, x: Tensor) -> Call:
    method = import_module("captum.attr").LayerGradCam(net, net.stages[layer])
    return lambda c: method.attribute(x.clone().requires_grad_(), c, relu_attributions=True).detach()[:, 0]


def torchcam(net: Stages, layer: str, x: Tensor) -> Call:
    method = import_module("torchcam.methods").GradCAM(net, layer)
    return lambda c: method(c, net(x), normalized=False)[0]


def pytorch_grad_cam(net: Stages, layer: str, x: Tensor) -> Call:
    package = import_module("pytorch_grad_cam")
    target = import_module("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget
    method = package.GradCAM(net, [net.stages[layer]])

    def call(c: int) -> None:
        method(x, [target(c)])  # upsampled to the picture and stretched to 0..1

    return call


def other_class(net: Stages, layer: str, x: Tensor) -> Call:
    passed = trace(channels_last(net), x, layer)
    return lambda c: passed.explain(c).map()


def other_method(net: Stages, layer: str, x: Tensor) -> Call:
    result = explain(channels_last(net), x, layer, 0)

    def call(c: int) -> None:
        result.map("layercam")

    return call


OURS = "ours, as loaded"
"""What the app does, and what the targets are about."""
PASSES: dict[str, tuple[Maker, str | None]] = {
    "limit": (limit, None),
    "ours": (ours, None),
    OURS: (ours_as_loaded, None),
    "captum": (captum, "captum"),
    "torchcam": (torchcam, "torchcam"),
    "pytorch-grad-cam": (pytorch_grad_cam, "grad-cam"),
}
"""Contender -> how it is made, and the distribution that it needs."""
SWITCHES: dict[str, Maker] = {"ours, another class": other_class, "ours, another method": other_method}


def twins(build: Callable[[], Stages]) -> Iterator[Stages]:
    """Networks with modules, hooks and gradients of their own that share one set of weights."""
    state = build().state_dict()
    while True:
        with torch.device("meta"):
            net = build()
        net.load_state_dict(state, assign=True)
        yield net.eval()


def peak_megabytes(call: Call) -> float:
    """Most that torch's allocator held above the start, while one map was made."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True) as record:
        call(1)
    assert record.profiler is not None
    assert record.profiler.kineto_results is not None
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()  # pyright: ignore[reportAttributeAccessIssue] (absent from torch's stub)
        peak = max(peak, held)
    return peak / 2**20


def milliseconds(calls: dict[str, Call], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    for i in range(rounds):
        for name in order[i % len(order) :] + order[: i % len(order)]:
            gc.collect()
            start = time.perf_counter()
            calls[name]((7 * i + 1) % CLASSES)
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def ratio(times: dict[str, list[float]], name: str, to: str) -> float:
    return statistics.median(a / b for a, b in zip(times[name], times[to], strict=True))


def installed(distribution: str | None) -> str | None:
    """The version, '' for what needs none, None if it is missing."""
    try:
        return version(distribution) if distribution else ""
    except PackageNotFoundError:
        return None


def measure(title: str, rounds: int) -> None:
    build, layer = MODELS[title]
    nets = twins(build)
    x = torch.randn(1, 3, 224, 224)
    calls: dict[str, Call] = {}
    memory: dict[str, float] = {}
    for name, (make, distribution) in PASSES.items():
        if installed(distribution) is not None:
            make(next(nets), layer, x)(0)  # one-time work of the library itself
            gc.collect()
            calls[name] = make(next(nets), layer, x)
            memory[name] = peak_megabytes(calls[name])
            shown = calls[name](2)
            if shown is not None:  # the same map, or the comparison would mean nothing
                torch.testing.assert_close(shown, calls["limit"](2), rtol=1e-4, atol=1e-6)
    calls |= {name: make(next(nets), layer, x) for name, make in SWITCHES.items()}
    for call in calls.values():
        call(0)
    times = milliseconds(calls, rounds)

    print(f"\n{title}, {layer}, 224 x 224, {torch.get_num_threads()} threads, {rounds} rounds")
    print(f"{'':28}{'median ms':>10}{'x limit':>9}{'extra MB':>10}{'x limit':>9}")
    for name, (_, distribution) in PASSES.items():
        found = installed(distribution)
        if found is None:
            print(f"{name:28}not installed")
            continue
        time_, space = ratio(times, name, "limit"), memory[name] / memory["limit"]
        median = statistics.median(times[name])
        print(f"{f'{name} {found}':28}{median:10.1f}{time_:9.2f}{memory[name]:10.1f}{space:9.2f}")
    for name in SWITCHES:
        faster = 1 / ratio(times, name, OURS)
        print(f"{name:28}{statistics.median(times[name]):10.2f}{'':9} {faster:.1f} times faster than a new pass")
    print("targets: ", end="")
    goals = [("time at most 1.1 x the limit", ratio(times, OURS, "limit") <= 1.1)]
    goals += [("memory at most 1.1 x", memory[OURS] <= 1.1 * memory["limit"])]
    if "pytorch-grad-cam" in calls:
        goals += [("3 x faster than pytorch-grad-cam", ratio(times, "pytorch-grad-cam", OURS) >= 3)]
    goals += [(f"{name.removeprefix('ours, ')} 10 x faster", ratio(times, name, OURS) <= 0.1) for name in SWITCHES]
    print("; ".join(f"{text}: {'met' if met else 'MISSED'}" for text, met in goals))


def main() -> None:
    parser = argparse.ArgumentParser(description="Grad-CAM's time and memory beside its limit and other libraries.")
    parser.add_argument("--rounds", type=int, default=15, help="how often every contender runs (default 15)")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="1 on a busy machine")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {options.rounds}")
    if options.threads < 1:
        parser.error(f"--threads must be at least 1; got {options.threads}")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler's own messages
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")  # the libraries'
    with suppress(RuntimeError):  # torchvision's wheel imports beside a CPU torch once these are known
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    for title in options.models:
        measure(title, options.rounds)


if __name__ == "__main__":
    main()
