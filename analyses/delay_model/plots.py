"""The two plots of the card: is what is said a share, and how soon are the late flights found. As SVG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

SIZE = (4.8, 4.2)  # inches
SAME_EACH_TIME: Any = {"svg.hashsalt": "ontime", "svg.fonttype": "none"}


def reliability_plot(parts: Mapping[str, pd.DataFrame]) -> Figure:
    """A line per model over the diagonal; `parts` as evaluate.reliability has them."""
    figure, axes = _axes("said probability to be late", "share that was late")
    top = max(float(table[["said", "late"]].max().max()) for table in parts.values()) * 1.05
    axes.plot([0, top], [0, top], color="grey", linewidth=0.8, label="what is said is so")
    for name, table in parts.items():
        axes.plot(table["said"], table["late"], marker="o", markersize=3, label=name)
    axes.legend(frameon=False)
    return figure


def lift_plot(curves: Mapping[str, pd.DataFrame]) -> Figure:
    """A line per model over the diagonal of a draw by lot; `curves` as evaluate.lift has them."""
    figure, axes = _axes(
        "share of flights, the likeliest to be late first", "share of the late flights found"
    )
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, label="by lot")
    for name, curve in curves.items():
        axes.plot([0, *curve["flights"]], [0, *curve["late"]], label=name)
    axes.legend(frameon=False)
    return figure


def save(figure: Figure, file: Path) -> None:
    """Write SVG, the same for the same figures."""
    with mpl.rc_context(SAME_EACH_TIME):
        figure.savefig(file, format="svg", metadata={"Date": None})
    # matplotlib leaves spaces at the ends of lines
    file.write_text("".join(f"{line.rstrip()}\n" for line in file.read_text().splitlines()))


def _axes(below: str, left: str) -> tuple[Figure, mpl.axes.Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(below)
    axes.set_ylabel(left)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes
