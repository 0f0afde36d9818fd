"""What several benchmarks need: a trained network of this project, and a table."""

from collections.abc import Sequence

from core.nn import weights
from core.nn.registry import REGISTRY, UNLISTED
from core.nn.stages import Stages


def network(name: str) -> Stages:
    """By its name; ends the program with advice where its weights are missing."""
    entry = (REGISTRY | UNLISTED)[name]
    path = weights.find(entry)
    if path is None:
        raise SystemExit(weights.advice(entry))
    return weights.load(entry, path)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print it in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)
