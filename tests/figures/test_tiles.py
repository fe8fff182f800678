"""Are tiles coloured by ratios, hatched where these may be 1, and named in either language?"""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

import trends
from trends.figures import style
from trends.figures.tiles import DENSITY, plot_tiles, shade
from trends.findings.wording import format_number

MONTHS = pd.period_range("2019-01", periods=48, freq="M", name="period")
MEANS = {
    "North | الشمال": [30] * 24 + [3] * 24,
    "South | الجنوب": [10] * 24 + [11] * 24,
    "East | الشرق": [4] * 24 + [40] * 24,
    "Void | الفراغ": [0] * 48,
    "Nowhere | بلا مكان": [5] * 48,
}
PLACES = pd.DataFrame(
    {
        "governorate": list(MEANS),
        "row": pd.array([0, 1, 1, 0, pd.NA], dtype="Int64"),
        "column": pd.array([0, 0, 1, 1, pd.NA], dtype="Int64"),
    }
)


@pytest.fixture(scope="module")
def ranking():
    rng = np.random.default_rng(1)
    counts = pd.concat(
        [
            pd.DataFrame(
                {
                    "governorate": name,
                    "period": MONTHS,
                    "count": pd.array(rng.poisson(mean), dtype="Int64"),
                    "exposure": MONTHS.days_in_month.astype(float),
                    "complete": True,
                }
            )
            for name, mean in MEANS.items()
        ],
        ignore_index=True,
    )
    return trends.rank_groups(
        counts, by="governorate", first=(2021, 2022), second=(2019, 2020), top=1, n_jobs=1, rng=1
    )


def tile(ax, row, column):
    """Return the patches of one tile."""
    return [
        one
        for one in ax.patches
        if isinstance(one, Rectangle) and (int(one.get_y()), int(one.get_x())) == (row, column)
    ]


def test_the_colour_of_a_tile_is_its_ratio_and_never_its_count(ranking):
    ax = plot_tiles(ranking, PLACES)
    table = ranking.groups.set_index("governorate")
    for place in PLACES.dropna().itertuples():
        ratio = table.loc[place.governorate, "shrunk_ratio"]
        filled = [one for one in tile(ax, place.row, place.column) if one.get_alpha()]
        if np.isnan(ratio):
            assert filled == []
            continue
        colour, density = shade(ratio)
        assert same_color(filled[0].get_facecolor()[:3], colour)
        assert filled[0].get_alpha() == density


def test_tiles_are_hatched_exactly_where_the_interval_holds_one(ranking):
    ax = plot_tiles(ranking, PLACES)
    table = ranking.groups.set_index("governorate")
    hatched = {
        name: bool(any(one.get_hatch() for one in tile(ax, row, column)))
        for name, row, column in PLACES.dropna().itertuples(index=False)
    }
    expected = {
        name: bool(table.loc[name, "shrunk_ratio_low"] <= 1 <= table.loc[name, "shrunk_ratio_high"])
        for name in hatched
    }
    assert hatched == expected
    assert hatched["South | الجنوب"]
    assert not hatched["North | الشمال"]


def test_names_are_those_of_the_language_and_what_has_no_place_is_not_drawn(ranking):
    for lang, names in (("en", {"North", "South", "East", "Void"}),
                        ("ar", {"الشمال", "الجنوب", "الشرق", "الفراغ"})):  # fmt: skip
        ax = plot_tiles(ranking, PLACES, lang=lang)
        told = [one.get_text().splitlines() for one in ax.texts]
        assert {name for name, _ in told} == names
        assert dict(told)["Void" if lang == "en" else "الفراغ"] == "–"


def test_shades_grow_with_the_change_on_either_side_of_one():
    ratios = [0.05, 0.3, 0.9, 1.1, 3.0, 10.0]
    assert [shade(one)[1] for one in ratios] == [*DENSITY[::-1], *DENSITY]
    assert [shade(one)[0] for one in ratios] == [style.FIRST] * 3 + [style.SECOND] * 3


@pytest.mark.parametrize("lang", ["en", "ar", "fr"])
def test_no_tile_contradicts_the_legend(ranking, lang):
    """What is printed as an end of a class has the colour of the class that begins there."""
    near = [0.1949, 0.196, 0.2, 0.204, 0.4951, 0.499, 0.5, 1.0, 1.951, 1.99, 2.0, 4.951, 4.99, 5.0]
    ends = (0, 0.2, 0.5, 1, 2, 5, np.inf)
    legend = plot_tiles(ranking, PLACES, lang=lang).get_legend().get_patches()
    for ratio in near:
        printed = float(format_number(ratio, "rough", "en"))
        patch = legend[next(n for n in range(6) if ends[n] <= printed < ends[n + 1])]
        colour, density = shade(ratio)
        assert same_color(patch.get_facecolor()[:3], colour), ratio
        assert patch.get_alpha() == density, ratio


def test_places_of_another_country_are_refused(ranking):
    with pytest.raises(ValueError, match="`places` must hold the groups of the ranking"):
        plot_tiles(ranking, PLACES.assign(governorate=PLACES["governorate"] + "?"))
