import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import trends
from trends.analysis.panel import QUESTIONS, _Answer, _answer, _past_deaths, _run, _stream
from trends.tables.distributed import MOST_DEATHS

MONTHS = pd.period_range("2020-01", periods=48, freq="M", name="period")


def table_of(groups, column="district"):
    """Return the event-count table of some groups."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    column: name,
                    "period": MONTHS,
                    "count": pd.array(np.asarray(counts), dtype="Int64"),
                    "exposure": MONTHS.days_in_month.astype(float),
                    "complete": True,
                }
            )
            for name, counts in groups.items()
        ],
        ignore_index=True,
    )


def steady(n_groups, mean=6, seed=1):
    rng = np.random.default_rng(seed)
    return {f"D{which:02d}": rng.poisson(mean, 48) for which in range(n_groups)}


def rising(seed=2):
    return np.random.default_rng(seed).poisson(5 * 1.04 ** np.arange(48))


def test_an_answer_is_the_one_the_question_gives_of_that_series_alone():
    counts = table_of({"North": rising(), **steady(2)})
    panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1, borrow=False)
    for name in ("North", "D00", "D01"):
        alone = trends.estimate_trend(trends.series(counts, district=name))
        row = panel.to_frame().set_index("district").loc[name]
        assert row["estimate"] == alone.annual_percent_change
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(alone.percent_interval())
        assert row["p_value"] == alone.p_value
        assert panel.results[(name,)].slope == alone.slope


def test_many_series_share_draws_in_any_order_and_say_so(monkeypatch):
    monkeypatch.setattr("trends.analysis.panel.MANY_SERIES", 4)
    shifted = np.random.default_rng(6).poisson(np.where(np.arange(48) < 24, 4, 12))
    groups = {"North": shifted, **steady(5)}
    backwards = dict(reversed(groups.items()))
    first, second = (
        trends.analyse_panel(table_of(each), "changepoint", by="district", n_jobs=n_jobs, rng=1)
        for each, n_jobs in ((groups, 1), (backwards, 2))
    )
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())
    own = trends.analyse_panel(
        table_of(groups), "changepoint", by="district", n_jobs=1, rng=1, calibration="own"
    )
    assert "calibration_shared" in first.caveats
    assert "calibration_shared" not in own.caveats
    assert "draws made once for all series" in first.summary()
    used = {key: one.calibration for key, one in first.results.items()}
    assert used[("North",)] == "own"
    assert list(used.values()).count("shared") >= 4
    # what is found is found on the same draws
    north = [one.to_frame().set_index("district").loc["North"] for one in (first, own)]
    assert north[0]["p_value"] == north[1]["p_value"]
    assert first.n_clear == own.n_clear


def test_few_series_are_each_held_against_draws_of_their_own():
    panel = trends.analyse_panel(
        table_of(steady(2)), "changepoint", by="district", n_jobs=1, rng=1, n_null=99
    )
    assert {one.calibration for one in panel.results.values()} == {"own"}


def test_what_has_no_answer_is_a_row_with_the_reason():
    counts = table_of({"North": rising(), "Void": np.zeros(48, int), **steady(2)})
    panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1)
    row = panel.to_frame().set_index("district").loc["Void"]
    assert row["status"] == "refused"
    assert "events in at least 3 periods, got 0" in row["reason"]
    assert np.isnan(row["estimate"])
    assert (panel.n_groups, panel.n_answered) == (4, 3)
    assert "panel_incomplete" in panel.caveats
    assert ("Void",) not in panel.results


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("trend", {}),
        ("changepoint", {"n_null": 99}),
        (
            "periods",
            {"first": ("2022-01", "2023-12"), "second": ("2020-01", "2021-12"), "season": "none"},
        ),
    ],
)
def test_two_events_one_full_month_and_one_huge_group_stand_beside_others(question, asked):
    two, full = np.zeros(48, int), np.zeros(48, int)
    two[[5, 40]], full[7] = 1, 5000
    huge = np.random.default_rng(2).poisson(3e7, 48)
    hostile = {"Two": two, "Full": full, "Huge": huge, "Void": np.zeros(48, int)}
    by = {"by": "district", "n_jobs": 1, "rng": 1, **asked}
    alone = trends.analyse_panel(table_of(steady(5)), question, **by).to_frame()
    beside = trends.analyse_panel(table_of(steady(5) | hostile), question, **by).to_frame()
    beside = beside.set_index("district")
    assert set(beside.index) == {*alone["district"], *hostile}
    assert beside.loc["Huge", "status"] == "ok"
    assert (beside["status"].eq("ok") | beside["reason"].ne("")).all()
    assert (beside["status"].eq("ok") | beside["estimate"].isna()).all()
    own = ["estimate", "conf_low", "conf_high", "p_value"]
    assert beside.loc[alone["district"], own].to_numpy() == pytest.approx(
        alone[own].to_numpy(), nan_ok=True
    )


def test_a_group_that_stands_there_twice_is_refused_before_any_work():
    counts = table_of(steady(3))
    twice = pd.concat([counts, counts.query("district == 'D01'")])
    with pytest.raises(ValueError, match=r"got 2020-01 twice for district D01\. Add the counts"):
        trends.analyse_panel(twice, "trend", by="district", n_jobs=1)


@pytest.mark.slow
def test_of_ten_thousand_groups_half_of_them_empty_each_is_a_row():
    groups = {
        f"D{which:05d}": np.zeros(48, int) if which % 2 else np.full(48, 1 + which % 5)
        for which in range(10_000)
    }
    panel = trends.analyse_panel(
        table_of(groups), "periods", by="district", n_jobs=1, season="none",
        first=("2022-01", "2023-12"), second=("2020-01", "2021-12"),
    )  # fmt: skip
    table = panel.to_frame()
    assert table["district"].tolist() == list(groups)
    empty = np.arange(10_000) % 2 == 1
    assert table.loc[~empty, "status"].eq("ok").all()
    assert table.loc[empty, "reason"].str.len().gt(0).all()
    assert (panel.n_groups, panel.n_answered) == (10_000, 5_000)


def test_a_fit_that_fails_is_a_row_that_says_so():
    def fails(series):
        raise RuntimeError("no convergence")

    def divides(series):
        return 1 / 0

    one = trends.series(table_of(steady(1)), district="D00")
    assert _answer(fails, one, {}, False)[:2] == ("failed", "no convergence")
    assert _answer(divides, one, {}, False)[:2] == ("failed", "division by zero")


def test_adjusted_values_are_those_of_all_answers():
    panel = trends.analyse_panel(
        table_of({"North": rising(), "Void": np.zeros(48, int), **steady(12)}),
        "trend", by="district", n_jobs=1,
    )  # fmt: skip
    frame = panel.to_frame()
    tested = frame["p_value"].notna()
    assert tested.sum() == 13
    for name, method in (("p_bh", "fdr_bh"), ("p_by", "fdr_by")):
        expected = multipletests(frame.loc[tested, "p_value"], method=method)[1]
        assert frame.loc[tested, name].to_numpy() == pytest.approx(expected)
    assert panel.n_survive == (frame["p_bh"] < 0.05).sum()
    assert panel.n_clear == (frame["p_value"] < 0.05).sum()


def test_the_answers_depend_neither_on_order_nor_on_workers():
    counts = table_of({"North": rising(), **steady(3)})
    ask = {"by": "district", "rng": 7, "n_null": 99}
    one = trends.analyse_panel(counts, "changepoint", n_jobs=1, **ask)
    two = trends.analyse_panel(counts.iloc[::-1], "changepoint", n_jobs=2, **ask)
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
    fewer = trends.analyse_panel(
        counts[counts["district"] != "D01"], "changepoint", n_jobs=1, **ask
    )
    kept = one.to_frame().query("district != 'D01'")["p_value"].tolist()
    assert fewer.to_frame()["p_value"].tolist() == kept


def test_a_stream_is_that_of_the_labels_and_of_the_seed():
    draws = {
        (seed, key): _stream(seed, key).integers(2**62)
        for seed in (1, 2)
        for key in (("a", "b"), ("b", "a"), ("a,b",), (None,))
    }
    assert len(set(draws.values())) == len(draws)
    assert _stream(1, ("a", "b")).integers(2**62) == draws[1, ("a", "b")]


def test_progress_is_told_group_by_group():
    told = []
    trends.analyse_panel(
        table_of(steady(3)), "trend", by="district", n_jobs=1,
        progress=lambda done, whole: told.append((done, whole)),
    )  # fmt: skip
    assert told == [(1, 3), (2, 3), (3, 3)]


def dies(series):
    """Take the worker along that asks."""
    os._exit(1)


def refuses(series):
    """Answer without an answer."""
    raise ValueError("nothing to say")


def test_a_dying_worker_takes_no_other_group_along():
    told = []
    tasks = [(dies if which == 1 else refuses, None, {}, False) for which in range(4)]
    found = _run(tasks, "loky", 2, lambda *done: told.append(done))
    assert [one.status for one in found] == ["refused", "lost", "refused", "refused"]
    assert "A worker ended before it had answered" in found[1].reason
    assert told == [(1, 4), (3, 4), (4, 4)]


def test_a_group_that_ends_every_worker_is_found_by_halves():
    deadly = {2, 3, 9}
    asked = []

    def answer(some):
        asked.append(list(some))
        for each in some:
            if each in deadly:
                return "TerminatedWorkerError"
            found.append(_Answer("ok", str(each), None, None, None))
        return None

    found = []
    _past_deaths(list(range(12)), found, answer)
    assert [one.status == "lost" for one in found] == [each in deadly for each in range(12)]
    assert [one.reason for one in found if one.status == "ok"] == [
        str(each) for each in range(12) if each not in deadly
    ]
    # None is asked again that was answered, and each that dies a few times.
    assert sum(len(some) for some in asked) < 3 * 12


def test_where_every_worker_dies_the_rest_is_given_up():
    asked, found = [], []

    def answer(some):
        asked.append(len(some))
        return "TerminatedWorkerError"

    _past_deaths([None] * 1000, found, answer)
    assert [one.status for one in found] == ["lost"] * 1000
    assert len(asked) < 2 * MOST_DEATHS


INTERRUPTED = """
import numpy as np, pandas as pd, trends
months = pd.period_range("2020-01", periods=156, freq="M")
rng = np.random.default_rng(1)
counts = pd.concat(pd.DataFrame({
    "district": f"D{which:04d}", "period": months,
    "count": pd.array(rng.poisson(5, 156), dtype="Int64"),
    "exposure": months.days_in_month.astype(float), "complete": True,
}) for which in range(2000))
trends.analyse_panel(
    counts, "changepoint", by="district", n_jobs=2, rng=1,
    progress=lambda done, of: print(done, flush=True),
)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_ctrl_c_ends_a_panel_and_leaves_no_process_behind():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    def members():
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == process.pid and state != "Z":
                found.append(stat.parent.name)
        return found

    try:
        assert process.stdout.readline() == "1\n"
        assert len(members()) >= 3
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode != 0
        assert said.rstrip().endswith("KeyboardInterrupt")
        until = time.monotonic() + 20
        while members() and time.monotonic() < until:
            time.sleep(0.1)
        assert members() == []
    finally:
        if members():
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_every_question_can_be_asked_of_many_series(question):
    options = {
        "changepoint": {"n_null": 49},
        "periods": {"first": (2023, 2023), "second": (2021, 2021)},
        "interruption": {"date": "2022-01"},
        "forecast": {"horizon": 3},
    }.get(question, {})
    panel = trends.analyse_panel(
        table_of({"North": rising(), "D00": steady(1)["D00"]}), question,
        by="district", n_jobs=1, rng=1, **options,
    )  # fmt: skip
    assert panel.to_frame()["status"].tolist() == ["ok", "ok"]
    said = [one.findings()[0] for one in panel.results.values()]
    assert panel.to_frame()["term"].tolist() == [one.quantity for one in said]


def test_a_summary_says_only_what_outlasts_the_number_of_tests():
    counts = table_of({"North": rising(), **steady(12)})
    panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1)
    assert panel.n_survive == 1
    said = panel.summary()
    assert "each of 13 groups was asked for its trend, and 13 gave an answer" in said
    assert "number of tests (Benjamini and Hochberg): 1." in said
    assert "North: between January 2020 and December 2023 the rate rose" in said
    assert "D00" not in said


def test_the_groups_enter_a_ledger_as_one_family():
    panel = trends.analyse_panel(
        table_of({"North": rising(), **steady(6)}), "trend", by="district", n_jobs=1
    )
    ledger = trends.Ledger()
    ledger.add(panel)
    (family,) = ledger.families()
    assert (family.name, family.n_tests, family.n_survive) == ("trend_panel", 7, 1)
    key = "series.panel.north.trend.annual-percent-change"
    assert ledger.adjusted(key)["survives"]
    north = panel.to_frame().set_index("district").loc["North"]
    assert ledger.adjusted(key)["p_bh"] == pytest.approx(north["p_bh"])
    assert len(ledger.finding(key)["inputs"]["records"]) == 1


def test_strength_is_borrowed_within_one_counter_only():
    groups = {**steady(6, mean=4, seed=3)}
    alone = table_of(groups).assign(counter="A")
    other = table_of({name: 3 * rising(seed) for seed, name in enumerate(groups)})
    both = pd.concat([alone, other.assign(counter="B")], ignore_index=True)
    by = ("counter", "district")
    mixed = trends.analyse_panel(both, "trend", by=by, n_jobs=1).to_frame()
    apart = trends.analyse_panel(alone, "trend", by=by, n_jobs=1).to_frame()
    columns = ["shrunk_estimate", "shrunk_low", "shrunk_high", "false_sign_rate"]
    pd.testing.assert_frame_equal(
        mixed[mixed["counter"] == "A"][columns].reset_index(drop=True), apart[columns]
    )


def test_few_series_borrow_nothing_and_other_questions_never():
    few = trends.analyse_panel(table_of(steady(4)), "trend", by="district", n_jobs=1)
    assert few.to_frame()["shrunk_estimate"].isna().all()
    season = trends.analyse_panel(table_of(steady(6)), "season", by="district", n_jobs=1)
    assert "shrunk_estimate" not in season.to_frame()


def test_series_of_one_pace_shrink_together():
    panel = trends.analyse_panel(table_of(steady(30, mean=3)), "trend", by="district", n_jobs=1)
    frame = panel.to_frame()
    assert frame["shrunk_estimate"].std() < 0.6 * frame["estimate"].std()
    assert (frame["shrunk_low"] < frame["shrunk_estimate"]).all()
    # None of them is said to rise or to fall; that they do neither may be more likely than not.
    assert frame["false_sign_rate"].between(0.05, 1).all()


def test_a_missing_label_names_a_group():
    counts = table_of(steady(2))
    counts["district"] = counts["district"].astype(object).where(counts["district"] != "D01", None)
    panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1)
    assert set(panel.results) == {("D00",), (None,)}


def test_faults_are_told_before_any_work():
    counts = table_of(steady(2))
    with pytest.raises(ValueError, match="`question` must be one of trend, changepoint"):
        trends.analyse_panel(counts, "trends", by="district")
    with pytest.raises(ValueError, match="`by` must name group columns of the table, got 'town'"):
        trends.analyse_panel(counts, "trend", by="town")
    with pytest.raises(TypeError, match=r"`options` must be options of estimate_trend .*'seasons'"):
        trends.analyse_panel(counts, "trend", by="district", seasons="none")
    with pytest.raises(TypeError, match="`options` must say what is asked about, got no 'first'"):
        trends.analyse_panel(counts, "periods", by="district")
    with pytest.raises(ValueError, match="`family` must be one of"):
        trends.analyse_panel(counts, "trend", by="district", n_jobs=1, family="normal")
    with pytest.raises(ValueError, match="`by` must name at least one group column"):
        trends.analyse_panel(counts, "trend", by=())


def test_every_answer_gets_a_small_panel_of_its_own():
    panel = trends.analyse_panel(table_of(steady(4)), "trend", by="district", n_jobs=1)
    figure = panel.small_multiples(n_columns=3)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[:4] == ["D00", "D01", "D02", "D03"]
    assert [ax.axison for ax in figure.axes] == [True] * 4 + [False] * 2


def test_a_series_that_is_no_line_neither_lends_nor_borrows():
    groups = {**steady(6, mean=4), "Began": np.r_[np.zeros(30, int), steady(1)["D00"][:18]]}
    panel = trends.analyse_panel(table_of(groups), "trend", by="district", n_jobs=1)
    assert panel.results[("Began",)].verdict == "started"
    frame = panel.to_frame().set_index("district")
    assert np.isnan(frame.loc["Began", "shrunk_estimate"])
    without = trends.analyse_panel(
        table_of(steady(6, mean=4)), "trend", by="district", n_jobs=1
    ).to_frame()
    assert frame.drop("Began")["shrunk_estimate"].tolist() == without["shrunk_estimate"].tolist()


def test_a_known_break_is_a_jump_also_for_what_is_lent():
    groups = steady(6, mean=20)
    groups["D00"] = np.r_[groups["D00"][:24], 3 * groups["D00"][24:]]
    counts = table_of(groups)
    counts.attrs["breaks"] = [{"date": "2022-01-01", "before": "old", "after": "new"}]
    panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1)
    assert panel.results[("D00",)].terms[-1] == "jump 2022-01"
    row = panel.to_frame().set_index("district").loc["D00"]
    assert row["shrunk_low"] < 0 < row["shrunk_high"]
