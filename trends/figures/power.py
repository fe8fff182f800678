"""Draw the power of a series against the size of the change."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.power import DetectableChange
from trends.figures import style
from trends.findings.wording import words

#: Ratios that may be marked on the axis.
_MARKS = (1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 10, 20, 50, 100)


def plot(result: DetectableChange, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the power curve, the detectable ratio and the simulated power."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 3.0))
    label = words(lang)["figure"]
    ax.plot(result.curve["ratio"], result.curve["power"], color=style.FIRST)
    ax.plot(
        [1, result.ratio_up, result.ratio_up],
        [result.power, result.power, 0],
        color=style.MUTED,
        linestyle=":",
        linewidth=1,
    )
    ax.plot(
        [result.ratio_up],
        [result.power],
        "o",
        color=style.FIRST,
        label=label["power_analytic"],
    )
    if result.n_draws:
        ax.plot(
            [result.ratio_up, result.ratio_up],
            [result.power_simulated_low, result.power_simulated_high],
            color=style.SECOND,
        )
        ax.plot(
            [result.ratio_up],
            [result.power_simulated],
            "D",
            color=style.SECOND,
            markersize=5,
            label=label["power_simulated"],
        )
    ax.set_xscale("log")
    ax.set_xlim(left=1)
    ax.set_ylim(0, 1.02)
    marks = [ratio for ratio in _MARKS if ratio <= result.curve["ratio"].max()]
    ax.set_xticks(marks, labels=[f"{ratio:g}" for ratio in marks])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(label[f"power_axis_{result.change}"])
    ax.set_ylabel(label["power_axis"])
    style.name_above(ax)
    return ax
