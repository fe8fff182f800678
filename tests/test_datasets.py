"""The series that come with the package are those of their sources."""

from pathlib import Path

import trends

ROOT = Path(__file__).parents[1]


def test_the_event_counts_are_the_table_that_the_report_is_built_from():
    for ending in (".csv", ".toml"):
        bundled = ROOT / "trends/packs/conflict" / f"is_events_monthly{ending}"
        assert bundled.read_bytes() == (ROOT / "data" / bundled.name).read_bytes()


def test_every_series_has_a_sidecar_that_fits_it():
    found = trends.datasets.sources()
    assert set(found) == {"event_counts", "coal_disasters", "nile_flow"}
    assert all(one.citation and one.licence for one in found.values())


def test_there_are_191_disasters_from_1851_to_1962_as_jarrett_says():
    coal = trends.datasets.coal_disasters()
    assert (str(coal.index[0]), str(coal.index[-1])) == ("1851", "1962")
    assert coal["count"].sum() == 191
    reference = (ROOT / "tests/reference/inputs/coal.csv").read_text(encoding="utf-8").split()[1:]
    assert coal["count"].tolist() == [int(row.split(",")[1]) for row in reference]


def test_the_flow_of_the_nile_has_the_mean_that_r_gives():
    # R: mean(Nile); sum(Nile); length(Nile)
    flow = trends.datasets.nile_flow()["count"]
    assert (flow.mean(), flow.sum(), len(flow)) == (919.35, 91935, 100)


def test_what_a_result_is_made_from_is_cited_with_it():
    counts = trends.datasets.event_counts()
    said = trends.estimate_trend(trends.series(counts, country="Iraq")).cite().splitlines()
    assert said[0].startswith("Software: ")
    assert f"version {trends.__version__} (event-trends)" in said[0]
    assert any(line.startswith("Method: Newey WK") for line in said)
    assert said[-1].startswith("Data: Sundberg R, Melander E (2013)")
    assert len(said) == len(set(said))


def test_a_panel_cites_the_question_that_it_asked():
    panel = trends.analyse_panel(trends.datasets.event_counts(), "trend", by="country", n_jobs=1)
    said = panel.cite()
    assert "Stephens M (2017)" in said
    assert "Zeger SL, Qaqish B (1988)" in said
    assert said.count("Sundberg R") == 1


def test_figures_that_were_typed_have_no_data_to_cite():
    assert "Data: " not in trends.compare_rates("294 in 2024", "121 in 2023").cite()
