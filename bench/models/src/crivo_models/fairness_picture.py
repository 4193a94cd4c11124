"""The picture of docs/fairness.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Points: TypeAlias = Sequence[tuple[float, float]]
# Times at which each of the lines started a job, by label.
Starts: TypeAlias = Sequence[tuple[str, Sequence[float]]]

FAIR, FIFO = "fair", "first come first served"
COLOURS = {FAIR: "tab:blue", FIFO: "tab:red"}
BY_WEIGHT = ("tab:green", "tab:orange", "tab:purple")


def draw(file: Path, *, waits: Mapping[str, Points], starts: Mapping[str, Starts]) -> None:
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _single(left, waits)
    _weights(right, starts)
    figure.savefig(file, dpi=110, metadata={"Software": None})


def _single(axes: Axes, waits: Mapping[str, Points]) -> None:
    for label, points in waits.items():
        axes.plot(*zip(*points, strict=True), label=label, color=COLOURS[label], marker=".")
    axes.set_title("A single job behind another organization's 1,000")
    axes.set_xlabel("moment at which the single job arrives (seconds)")
    axes.set_ylabel("how long it waits (seconds)")
    axes.set_ylim(bottom=-10)
    axes.grid(alpha=0.3)
    axes.legend()


def _weights(axes: Axes, starts: Mapping[str, Starts]) -> None:
    for (label, times), colour in zip(starts[FAIR], BY_WEIGHT, strict=True):
        axes.plot(times, range(1, len(times) + 1), color=colour, label=f"{label}, {FAIR}")
    for number, (_, times) in enumerate(starts[FIFO]):
        axes.plot(
            times,
            range(1, len(times) + 1),
            color=COLOURS[FIFO],
            linestyle=":",
            # One label for all three: they lie on one another.
            label=f"each of them, {FIFO}" if number == 0 else None,
        )
    axes.set_title("Three organizations, 300 jobs each, all waiting at 0 s")
    axes.set_xlabel("time (seconds)")
    axes.set_ylabel("jobs handed to workers")
    axes.grid(alpha=0.3)
    axes.legend()
