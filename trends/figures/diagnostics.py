"""Draw what a fitted model leaves behind, in four panels."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from trends.figures import style
from trends.findings.wording import words
from trends.models.counts.residuals import Diagnostics


def plot_diagnostics(diagnostics: Diagnostics, *, lang: str = "en") -> Figure:
    """Return a figure of residuals in time, their quantiles, the PIT and the autocorrelation.

    Parameters
    ----------
    diagnostics : Diagnostics
        The `diagnostics` of a `Trend` or `Joinpoints`.
    lang : {"en", "ar", "fr"}
        Language of the labels.

    Returns
    -------
    matplotlib Figure
    """
    label = words(lang)["figure"]
    with plt.rc_context(style.style()):
        figure, panels = plt.subplots(2, 2, figsize=(7.2, 5.0), layout="constrained")
    _in_time(panels[0, 0], diagnostics)
    _quantiles(panels[0, 1], diagnostics)
    _pit(panels[1, 0], diagnostics)
    _autocorrelation(panels[1, 1], diagnostics)
    titles = ("residuals_in_time", "residual_quantiles", "pit_histogram", "autocorrelation")
    for panel, title in zip(panels.flat, titles, strict=True):
        panel.set_title(label[title])
    return figure


def _in_time(ax: Axes, diagnostics: Diagnostics) -> None:
    """Draw quantile residuals against time, with the band of 95%."""
    when = diagnostics.residuals["period"].dt.start_time
    ax.axhspan(-1.96, 1.96, color=style.BAND, alpha=0.5, linewidth=0)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.plot(when, diagnostics.residuals["quantile_residual"], "o", color=style.FIRST, markersize=3)


def _quantiles(ax: Axes, diagnostics: Diagnostics) -> None:
    """Draw sorted residuals against normal quantiles."""
    found = np.sort(diagnostics.residuals["quantile_residual"].to_numpy())
    normal = stats.norm.ppf((np.arange(found.size) + 0.5) / found.size)
    ends = [min(normal[0], found[0]), max(normal[-1], found[-1])]
    ax.plot(ends, ends, color=style.MUTED, linewidth=0.8)
    ax.plot(normal, found, "o", color=style.FIRST, markersize=3)


def _pit(ax: Axes, diagnostics: Diagnostics) -> None:
    """Draw the PIT histogram beside its flat expectation."""
    n_bins = diagnostics.pit.size
    ax.bar(
        (np.arange(n_bins) + 0.5) / n_bins,
        diagnostics.pit,
        width=0.9 / n_bins,
        color=style.FIRST,
    )
    ax.axhline(1, color=style.SECOND, linewidth=1)
    ax.set_xlim(0, 1)


def _autocorrelation(ax: Axes, diagnostics: Diagnostics) -> None:
    """Draw autocorrelations with the band of independent residuals."""
    lags = np.arange(1, diagnostics.autocorrelation.size + 1)
    band = diagnostics.autocorrelation_band
    ax.axhspan(-band, band, color=style.BAND, alpha=0.5, linewidth=0)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.vlines(lags, 0, diagnostics.autocorrelation, color=style.FIRST, linewidth=2)
    ax.set_ylim(min(-0.3, diagnostics.autocorrelation.min() - 0.05), 1)
