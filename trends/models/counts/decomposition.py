"""What do trend, season and remainder of a series look like, side by side?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL


def loess_parts(
    values: np.ndarray, cycle: np.ndarray, *, n_cycle: int, window: int | None = None
) -> pd.DataFrame:
    """Split values into trend, season and remainder by loess.

    The windows, degrees, jumps and iterations are those of R's ``stl(x, s.window)`` (Cleveland et
    al. 1990), which takes a season that is the same every year for ``s.window = "periodic"``.

    Parameters
    ----------
    values : ndarray, shape (n_periods,)
        No missing values, at least two cycles.
    cycle : ndarray of int, shape (n_periods,)
        Place of each period in its cycle, such as the month.
    n_cycle : int
        Periods per cycle.
    window : int, optional
        Odd number of years over which a season may drift; by default it is the same every year.

    Returns
    -------
    DataFrame of n_periods rows
        Columns trend, seasonal, remainder.
    """
    span = 10 * values.size + 1 if window is None else window
    trend_window = _next_odd(np.ceil(1.5 * n_cycle / (1 - 1.5 / span)))
    low_pass = _next_odd(n_cycle)
    fitted = STL(
        values,
        period=n_cycle,
        seasonal=span,
        trend=trend_window,
        low_pass=low_pass,
        seasonal_deg=0,
        trend_deg=1,
        low_pass_deg=1,
        seasonal_jump=-(-span // 10),
        trend_jump=-(-trend_window // 10),
        low_pass_jump=-(-low_pass // 10),
    ).fit(inner_iter=2, outer_iter=0)
    seasonal = np.asarray(fitted.seasonal)
    if window is None:
        seasonal = pd.Series(seasonal).groupby(np.asarray(cycle)).transform("mean").to_numpy()
    trend = np.asarray(fitted.trend)
    return pd.DataFrame(
        {"trend": trend, "seasonal": seasonal, "remainder": values - trend - seasonal}
    )


def _next_odd(number: float) -> int:
    """Return the nearest whole number, or the next one if that is even."""
    whole = round(number)
    return int(whole + 1 if whole % 2 == 0 else whole)
