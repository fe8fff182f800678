"""What pages ask twice is answered once, and only what must have the same answer."""

import inspect
import pickle
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import trends
from trends.report import render
from trends.report.answers import drawing_key, fingerprint, remembered
from trends.report.page import Cell
from trends.report.store import FOLDER, Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def series():
    counts = pd.Series(
        [9, 4, 7, 8, 3, 6, 5, 9] * 4, pd.period_range("2020-01", periods=32, freq="M")
    )
    return trends.as_series(counts)


def entries(store):
    return sorted(path for path in store.folder.glob("??/*") if path.is_file())


def test_a_question_asked_again_is_answered_from_the_store(store, series):
    plain = trends.estimate_trend(series)
    with remembered(store):
        first = trends.estimate_trend(series)
        [kept] = entries(store)
        store.put(kept.name, pickle.dumps(("the second", [[]])))
        assert trends.estimate_trend(series.copy()) == "the second"
    pd.testing.assert_frame_equal(first.to_frame(), plain.to_frame())


def test_an_answer_from_the_store_holds_the_series_and_notes_on_it_as_a_new_one_does(store, series):
    series["count"] = pd.array([2] * 16 + [40] * 16, "Int64")
    searched, unsearched = series.copy(), series.copy()
    plain = trends.detect_changepoints(searched, rng=1)
    assert searched.attrs["proposed"] == ["2021-05"]
    with remembered(store):
        for _ in range(2):
            again = series.copy()
            found = trends.detect_changepoints(again, rng=1)
            assert again.attrs["proposed"] == ["2021-05"]
            assert found.series is again
            pd.testing.assert_frame_equal(found.to_frame(), plain.to_frame())
        assert len(entries(store)) == 1
        trends.estimate_interruption(unsearched, "2021-05")
        with pytest.raises(ValueError, match="must be named in advance"):
            trends.estimate_interruption(again, "2021-05")


def test_what_other_searches_noted_asks_a_question_no_second_time(store, series):
    with remembered(store):
        first = trends.estimate_trend(series)
        series.attrs["proposed"] = ["2021-05"]
        assert trends.estimate_trend(series).series is series
        assert fingerprint(first) == fingerprint(trends.estimate_trend(series))
        assert len(entries(store)) == 1
        trends.estimate_interruption(series, "2021-06")
        series.attrs["proposed"] = ["2021-07"]
        trends.estimate_interruption(series, "2021-06")
        assert len(entries(store)) == 3


def test_the_questions_that_heed_searches_are_known():
    """Whatever reads the notes of a search has its answers kept by them too."""
    from trends.report.answers import _HEED_SEARCHES

    reading = {
        name
        for name in dir(trends)
        if inspect.isfunction(asked := getattr(trends, name))
        and re.search(r"\b(was_)?proposed\(", inspect.getsource(inspect.getmodule(asked)))
        and asked.__module__.startswith("trends.analysis")
    }
    assert reading == _HEED_SEARCHES


def test_a_question_that_two_processes_ask_at_once_is_answered_once(store, tmp_path):
    """The second waits for the first; what they do is told in a file, in turn."""
    told = tmp_path / "told"
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from trends.report.store import Store\n"
        "store, told = Store(Path(sys.argv[1])), Path(sys.argv[2])\n"
        "with store.alone_with('ab' * 32):\n"
        "    if store.get('ab' * 32) is None:\n"
        "        told.open('a').write('made ')\n"
        "        time.sleep(1)\n"
        "        store.put('ab' * 32, b'x')\n"
        "    told.open('a').write('ended ')\n"
    )
    asking = [
        subprocess.Popen([sys.executable, "-c", program, str(store.folder), str(told)])
        for _ in range(2)
    ]
    assert [one.wait() for one in asking] == [0, 0]
    assert told.read_text() == "made ended ended "
    with store.alone_with("cd" * 32), store.alone_with("ab" * 32):
        pass


#: Says whether another process holds what is under a key; whatever would wait is told instead.
LOOKS = """\
import fcntl, sys
from pathlib import Path
from trends.report.store import Store
lock = fcntl.lockf
def at_once(file, command, *place):
    try:
        lock(file, command | fcntl.LOCK_NB if command == fcntl.LOCK_EX else command, *place)
    except BlockingIOError:
        print("held")
        raise
fcntl.lockf = at_once
with Store(Path(sys.argv[1])).alone_with(sys.argv[2]):
    print("asked")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked on Windows")
def test_what_is_asked_within_another_question_lets_nobody_else_ask_that_one(store):
    """A cell that draws is one such; its answers are asked for while it runs."""

    def looked(key):
        made = [sys.executable, "-c", LOOKS, str(store.folder), key]
        return subprocess.run(made, capture_output=True, text=True, check=True).stdout.split()

    cell, answer = "ab" * 32, "cd" * 32
    with store.alone_with(cell):
        with store.alone_with(answer):
            assert looked(cell) == looked(answer) == ["held", "asked"]
        assert looked(cell) == ["held", "asked"]
        assert looked(answer) == ["asked"]
    assert looked(cell) == looked(answer) == ["asked"]


def test_other_counts_options_and_questions_have_answers_of_their_own(store, series):
    with remembered(store):
        trends.estimate_trend(series)
        trends.estimate_trend(series, season="none")
        trends.estimate_trend(series.assign(count=series["count"] + 1))
        trends.estimate_season(series)
        named = series.copy()
        named.attrs["labels"] = {"country": "Elsewhere"}
        trends.estimate_trend(named)
    assert len(entries(store)) == 5


def test_what_chance_decides_is_asked_every_time(store, series):
    with remembered(store):
        trends.describe_series(series)
        generator = np.random.default_rng(1)
        first = trends.describe_series(series, rng=generator)
        assert entries(store) == []
        second = trends.describe_series(series, rng=1)
        assert len(entries(store)) == 1
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())


def test_a_question_that_fails_fails_again_and_leaves_nothing(store, series):
    with remembered(store):
        for _ in range(2):
            with pytest.raises(ValueError, match="alpha"):
                trends.compare_rates((3, 30), (4, 30), alpha=2)
    assert entries(store) == []


def test_afterwards_the_names_stand_for_what_they_did(store):
    before = trends.estimate_trend
    with remembered(store):
        assert trends.estimate_trend is not before
    assert trends.estimate_trend is before


def test_a_damaged_answer_is_found_anew(store):
    with remembered(store):
        first = trends.compare_rates((3, 30), (4, 30)).to_frame()
        [kept] = entries(store)
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")
        pd.testing.assert_frame_equal(trends.compare_rates((3, 30), (4, 30)).to_frame(), first)


class OfTheProject:
    """Its code may change while its values stay."""


def test_values_of_code_that_may_change_have_no_fingerprint(series):
    assert fingerprint(OfTheProject()) is None
    assert fingerprint(entries) is None
    assert fingerprint({"rng": np.random.default_rng(1)}) is None
    assert fingerprint(series) == fingerprint(series.copy())
    assert fingerprint(series) != fingerprint(series.head(30))


def cell(source, **options):
    return Cell(source, {"label": "fig-one", **options}, "index.qmd", 1, 1)


def test_a_drawing_has_the_key_of_all_it_depends_on(series):
    names = {"series": series, "other": 1}
    key = drawing_key(cell("series.plot();"), names, {"size": 1})
    assert key == drawing_key(cell("series.plot();"), {**names, "other": 2}, {"size": 1})
    for changed in (
        drawing_key(cell("series.plot() ;"), names, {"size": 1}),
        drawing_key(cell("series.plot();"), {"series": series.head(9)}, {"size": 1}),
        drawing_key(cell("series.plot();"), names, {"size": 2}),
        drawing_key(cell("series.plot();", **{"fig-width": 3}), names, {"size": 1}),
    ):
        assert changed not in (None, key)


@pytest.mark.parametrize(
    "source",
    ["axes = series.plot()", "import os", "del series", "%matplotlib inline", "def draw(): ..."],
)
def test_a_cell_that_does_more_than_draw_is_run_every_time(source, series):
    assert drawing_key(cell(source), {"series": series}, {}) is None


def test_a_cell_that_does_not_draw_is_run_every_time(series):
    assert drawing_key(cell("series.plot()", label="tbl-one"), {"series": series}, {}) is None


PAGE = """\
```{{python}}
#| include: false
import trends
rates = trends.compare_rates(({count}, 366), (121, 365))
```

```{{python}}
#| label: fig-rates
#| fig-cap: Rates.
#| fig-alt: Two rates.
rates.plot();
```

{prose}
"""


def test_a_page_draws_what_its_numbers_are_and_not_what_was_drawn_before(write_page):
    pages = {}
    for count in (294, 290, 294):
        root = write_page(PAGE.format(count=count, prose=""))
        text = (render(root, engine="builtin").site / "index.html").read_text(encoding="utf-8")
        assert pages.setdefault(count, text) == text
    assert pages[294] != pages[290]


READS = """\
```{python}
#| label: fig-before
#| fig-cap: Counts.
#| fig-alt: Counts.
import pandas as pd
pd.read_csv("data/counts.csv")["count"].plot();
```

```{python}
#| label: fig-counts
#| fig-cap: Counts.
#| fig-alt: Counts.
pd.read_csv("data/counts.csv")["count"].plot();
```
"""


def test_what_a_cell_draws_from_a_file_that_was_read_before_is_drawn_anew(write_page):
    root = write_page(READS)
    (root / "data").mkdir()
    drawn = []
    for last in (3, 40):
        (root / "data/counts.csv").write_text(f"count\n1\n2\n{last}\n", encoding="utf-8")
        site = render(root, engine="builtin").site
        drawn.append((site / "figures/index/fig-counts.csv").read_text(encoding="utf-8"))
    assert [table.splitlines()[-1].rpartition(",")[2] for table in drawn] == ["3", "40"]


def test_a_cell_that_draws_and_writes_is_run_every_time_wherever_it_stands(write_page):
    draw = 'pd.Series([1, 2]).plot(); pd.Series(["x"]).to_csv("log.txt", mode="a", index=False);'
    cells = [
        f"```{{python}}\n#| label: fig-{name}\n#| fig-cap: A.\n#| fig-alt: A.\n{line}\n```\n"
        for name, line in (
            ("one", f"import pandas as pd\n{draw}"),
            ("two", draw),
        )
    ]
    root = write_page("\n".join(cells))
    for n_renders in (1, 2):
        render(root, engine="builtin")
        assert (root / "log.txt").read_text(encoding="utf-8").count("x") == 2 * n_renders


def test_a_page_that_only_reads_answers_from_the_store_is_not_run_again(write_page):
    root = write_page(PAGE.format(count=294, prose="One."))
    render(root, engine="builtin")
    before = entries(Store(root / FOLDER))
    site = render(write_page(PAGE.format(count=294, prose="Two.")), engine="builtin").site
    assert "Two." in (site / "index.html").read_text(encoding="utf-8")
    # Texts were converted and read anew: no run of a page and no answer is new in the store.
    added = set(entries(Store(root / FOLDER))) - set(before)
    # behind its digest, an entry is a run of a page or a pickled answer
    asked = [
        [path.read_bytes()[32:].startswith((b'{"reads": ', b"\x80")) for path in paths]
        for paths in (before, added)
    ]
    assert any(asked[0])
    assert not any(asked[1])
    assert any(b'"uses": ' in path.read_bytes() for path in added)


def test_a_table_in_data_is_read_again_when_anything_beside_it_has_changed(
    store, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    rows = "period,count,country\n2020-01,4,Syria\n2020-02,5,Syria\n"
    for folder in ("data", "elsewhere"):
        (tmp_path / folder / "counts.csv").write_text(rows, encoding="utf-8")
    with remembered(store):
        for _ in range(2):
            counts = trends.read_counts("data/counts.csv")
            assert counts["count"].tolist() == [4, 5]
            counts["count"] = 0
        trends.read_counts("elsewhere/counts.csv")
        assert len(entries(store)) == 1
        (tmp_path / "data/counts.csv").write_text(rows.replace("5", "6"), encoding="utf-8")
        assert trends.read_counts("data/counts.csv")["count"].tolist() == [4, 6]
        sidecar = 'citation = "Somebody (2020). Counts."\n'
        (tmp_path / "data/counts.toml").write_text(sidecar, encoding="utf-8")
        assert trends.read_counts("data/counts.csv").attrs["citation"].startswith("Somebody")
        with pytest.raises(FileNotFoundError):
            trends.read_counts("data/none.csv")
        assert len(entries(store)) == 3
