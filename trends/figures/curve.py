"""Draw a course small enough to stand in a line of text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trends.figures import style

#: Width, height and margin, in units of the picture.
_WIDTH, _HEIGHT, _MARGIN = 120.0, 28.0, 3.0


def small_curve(rates: NDArray[np.float64]) -> str:
    """Return a picture of rates over time as SVG, from zero up, broken where nothing is known.

    Parameters
    ----------
    rates : ndarray, shape (n_periods,)
        Rates in order, NaN where there is none.

    Returns
    -------
    str
        SVG in the colours of the style; "" where no rate is known.

    Examples
    --------
    >>> small_curve(np.array([np.nan])), "polyline" in small_curve(np.array([1.0, 2.0]))
    ('', True)
    """
    seen = np.isfinite(rates)
    if not seen.any():
        return ""
    top = max(float(np.nanmax(rates)), 1e-9)
    across = np.linspace(_MARGIN, _WIDTH - _MARGIN, rates.size) if rates.size > 1 else [_WIDTH / 2]
    floor = _HEIGHT - _MARGIN
    points = [
        f"{x:.1f},{floor - rate / top * (floor - _MARGIN):.1f}" if is_seen else ""
        for x, rate, is_seen in zip(across, rates, seen, strict=True)
    ]
    stretches = [part.split() for part in " ".join(one or "|" for one in points).split("|")]
    drawn = "".join(
        f'<polyline points="{" ".join(part)}" fill="none" stroke="{style.FIRST}" '
        'stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"/>'
        for part in stretches
        if len(part) > 1
    )
    alone = [part[0] for part in stretches if len(part) == 1]
    dots = [*alone, [one for one in points if one][-1]]
    drawn += "".join(
        '<circle cx="{}" cy="{}" r="{}" fill="{}"/>'.format(
            *dot.split(","), 1.1 if dot in alone[:-1] else 2.2, style.FIRST
        )
        for dot in dict.fromkeys(dots)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" '
        f'width="{_WIDTH:g}" height="{_HEIGHT:g}"><line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" '
        f'y1="{floor}" y2="{floor}" stroke="{style.GRID}"/>{drawn}</svg>'
    )
