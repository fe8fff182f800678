"""What do the rows of a frame say, however pandas keeps them?"""

from __future__ import annotations

import pandas as pd


def without_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with every category as the value it stands for, and the same ``attrs``.

    Examples
    --------
    >>> frame = pd.DataFrame({"country": pd.Categorical(["Iraq", "Syria"])})
    >>> isinstance(without_categories(frame)["country"].dtype, pd.CategoricalDtype)
    False
    """
    kinds = {
        name: kind.categories.dtype
        for name, kind in frame.dtypes.items()
        if isinstance(kind, pd.CategoricalDtype)
    }
    return frame.astype(kinds) if kinds else frame


def plain_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame numbered from 0, and every category as its value.

    After a concat an index repeats, and a column of categories takes no new value; neither says
    anything about what was counted.

    Examples
    --------
    >>> frame = pd.DataFrame({"country": pd.Categorical(["Iraq", "Syria"])}, index=[7, 7])
    >>> plain_rows(frame)["country"].tolist()
    ['Iraq', 'Syria']
    """
    return without_categories(frame.reset_index(drop=True))
