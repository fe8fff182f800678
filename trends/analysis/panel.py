"""What is the answer to one question for each of many series, and what do they say together?"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import get_active_backend
from statsmodels.stats.multitest import multipletests

from trends.analysis.result import Result, check_alpha, seed_of
from trends.models.counts.count_model import percent_change
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.lending import Lent, borrow_slopes, lend
from trends.models.counts.observed import observed_periods, years_from_middle
from trends.models.counts.season_terms import season_columns
from trends.options import check_jobs
from trends.tables.distributed import (
    MOST_DEATHS,
    CountTable,
    LostWork,
    counts_of,
    in_spark,
    run_on_dask,
    run_on_spark,
)
from trends.tables.series import series as one_series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from trends.findings.finding import Finding

#: The questions that may be named, and the function that answers each.
QUESTIONS = {
    "trend": "estimate_trend",
    "changepoint": "detect_changepoints",
    "joinpoint": "fit_joinpoints",
    "season": "estimate_season",
    "description": "describe_series",
    "periods": "compare_periods",
    "interruption": "estimate_interruption",
    "forecast": "forecast_counts",
    "power": "detectable_change",
}
#: Columns that tell counters apart: strength is borrowed only between series that agree in them.
COUNTER_COLUMNS = ("source", "counter", "counted_by", "definition", "measure")
#: Answered series of one counter below which nothing is borrowed.
LEAST_SERIES = 5
#: Groups from which shifts are looked for with shared draws: making these takes as long as some
#: fifty series do by themselves, on each worker.
MANY_SERIES = 200
#: What joblib's processes and Ray raise when a worker dies; Dask and Spark are asked themselves.
_DEATHS = ("TerminatedWorkerError", "WorkerCrashedError", "ActorDiedError")

Question = Callable[..., Result]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Panel(Result):
    """One question asked of many series.

    Attributes
    ----------
    counts : DataFrame
        The event-count table.
    question : str
        What was asked.
    by : tuple of str
        Columns that name a series.
    answers : DataFrame of n_groups rows
        As `to_frame` returns it at the panel's own level.
    results : dict
        Labels of a group (a tuple) to its result; groups without an answer are not in it.
    options : dict
        What the question was asked with.
    borrow : bool
        Whether strength was borrowed; only trends borrow.
    seed : int
        From which the streams of random numbers were derived.
    conf_level : float
        Level of all intervals.
    n_groups, n_answered : int
        Groups, and those with an answer.
    n_clear, n_survive : int
        Answers whose p-value is below one minus the level, by themselves and after Benjamini and
        Hochberg's adjustment for their number.
    caveats : tuple of str
        Keys of what a reader must know about the panel as a whole.
    """

    counts: pd.DataFrame
    question: str
    by: tuple[str, ...]
    answers: pd.DataFrame
    results: dict[tuple[object, ...], Result]
    options: dict[str, object]
    borrow: bool
    seed: int
    conf_level: float
    n_groups: int
    n_answered: int
    n_clear: int
    n_survive: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per group, also where there is no answer.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the panel. At another level the
            question is asked again, with the same random numbers.

        Returns
        -------
        DataFrame of n_groups rows
            The columns of `by`, then status (ok, refused, failed, lost), reason, term,
            estimate, conf_low, conf_high, conf_level, p_value, p_bh, p_by; the estimate is what the
            question says first. Trends that borrow strength have shrunk_estimate, shrunk_low,
            shrunk_high (percent a year) and false_sign_rate beside it.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        if alpha is None or np.isclose(1 - alpha, self.conf_level):
            return self.answers.copy()
        again = analyse_panel(
            self.counts,
            self.question,
            by=self.by,
            borrow=self.borrow,
            alpha=alpha,
            rng=self.seed,
            n_jobs=1,
            **cast("dict[str, Any]", self.options),
        )
        return again.answers

    def _said(self, found: list[Finding]) -> list[Finding]:
        """Return the overview and what stays clear when all groups are allowed for."""
        clear = set(self.answers.loc[self.answers["p_bh"] < 1 - self.conf_level, "p_value"])
        return [found[0], *(one for one in found[1:] if one.p_value in clear)]

    def small_multiples(self, *, n_columns: int = 3, lang: str = "en") -> Figure:
        """Draw every answer in a small panel of its own, all over the same periods.

        Parameters
        ----------
        n_columns : int
            Panels beside one another.
        lang : {"en", "ar", "fr"}
            Language of the labels.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        ValueError
            If no group has an answer.
        """
        drawn: Figure = self._drawing().small_multiples(self, n_columns=n_columns, lang=lang)
        return drawn


def analyse_panel(
    counts: CountTable,
    question: str,
    *,
    by: str | Sequence[str],
    backend: str | None = None,
    n_jobs: int | None = None,
    borrow: bool = True,
    alpha: float = 0.05,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: object,
) -> Panel:
    """Ask one question of every group of an event-count table.

    Parameters
    ----------
    counts : DataFrame of pandas or Spark, or Ibis table
        Event-count table, as `count_events` and `read_counts` return it, with one row per group of
        `by` and period. Tables of Spark and Ibis have the columns of a file that `read_counts`
        reads, with periods as text such as ``"2024-05"``.
    question : str
        What to ask: trend, changepoint, joinpoint, season, description, periods, interruption,
        forecast or power. Alarms of many series share one number of false ones: `detect_alarms`
        takes `by` itself.
    by : str or sequence of str
        Group columns that name a series.
    backend : str, optional
        "spark", which is the default for a table that lives in Spark, or a backend of joblib:
        "loky" (processes, the default otherwise), "threading", "dask", "ray" or another that is
        registered. Workers of a cluster need this package installed.
    n_jobs : int, optional
        Workers; one for each core (or all of the cluster) by default, or as many as
        `joblib.parallel_config` says where that is more than one. Of Spark: tasks, by default one
        for eight groups. Of Dask: groups that are on their way together, by default four for each
        of its threads.
    borrow : bool
        Whether trends borrow strength from one another (see Notes). Other questions are asked of
        each series by itself.
    alpha : float
        One minus the level of the intervals, and the level of the tests.
    rng : int or Generator, optional
        Source of random numbers. The stream of a group depends on it and on the group's labels, so
        the answers are the same in any order and on any number of workers.
    progress : callable, optional
        Called with the number of groups that are done and of all groups; by Spark once and by Ray
        when all have answered, at the end.
    **options
        Further options of the question, such as ``season="none"``, or what it asks about, such as
        ``first=`` and ``second=`` of periods, ``date=`` of interruption and ``horizon=`` of
        forecast.

    Returns
    -------
    Panel

    Raises
    ------
    TypeError
        If `counts` is no event-count table or an option is none of the question's.
    ValueError
        If the question is not one of its choices, a column of `by` is not a group column, rows of
        several groups would fall together, `alpha` is not between 0 and 1, every group is refused
        for the same reason, or no session of Spark is running.
    InvalidTable
        If a table of Spark or Ibis breaks a rule of event counts.
    MissingPart
        If Spark is asked for and PySpark is not installed.

    Notes
    -----
    A series that is too short or too empty, or whose fit fails, is a row with its status and the
    reason; it is never left out. Where a worker dies, what it was asked is asked again, in ever
    smaller parts: only a group that ends the worker when asked by itself is lost, and what is left
    after 20 deaths.

    *Engines.* The table is the same from every backend, for any number of workers. Spark answers
    by ``applyInPandas``, a few groups a call. What a table of Spark or Ibis cannot hold, the breaks
    and the citation of a sidecar, only a table of pandas has.

    *Many tests.* p_bh adjusts for the number of answers by Benjamini and Hochberg (1995), p_by by
    Benjamini and Yekutieli (2001), which holds for any dependence between series.

    *Shared calibration* (changepoints only). From 200 groups on, ``calibration="shared"`` unless
    something else is asked for: a series is first held against draws made once for all series of
    like length, level, scatter and season. Where these leave no doubt that nothing shifted, that is
    its p-value; whatever is found, or is nearly found, is held against draws of its own. Which of
    them it was, each result says (`Changepoints.calibration`). The draws depend on nothing but what
    the series are like, so the table is the same in any order and on any worker. Of 1,000 series of
    156 months, one in ten with a doubling, each took .09 processor seconds, of 10,000 of 520 weeks
    .18, what is made once included: 46 seconds and 15 minutes of two cores
    (``benchmarks/panel_speed.py``).

    *Borrowed strength* (trends only). How counts scatter, how long they remember and how yearly
    changes are spread is learnt from all series of one counter: scatter and memory by mixture
    proportions over one grid, on which the variance beyond Poisson's goes with the mean count or
    with its square; changes by averaging over normal spreads, about no change or about a common
    one, with or without a share of series that only follow it. The likelihood of a change is taken
    where it probably lies. `shrunk_estimate` is each series' posterior mean, and `false_sign_rate`
    is the chance that the sign is wrong. The estimate beside it is the series' own. A series that
    wanders, has started or has stopped lends and borrows nothing.

    In simulation (``benchmarks/borrowed_trends.py``, 28 and more panels of 50 series of 36 months a
    cell) the error is .44 to .91 of that of separate trends; of one who knows how slopes are
    spread, how counts scatter and what they remember it is .41 to .90. Intervals hold in .94 to .96
    of Poisson and negative binomial series and in .94 to .96 of those with a monthly correlation of
    .5; of the tenth that ranks first in .92 to .99, against .78 to .96 of the tenth by itself. Of
    signs with a false sign rate below .05 .02 are wrong, where the rates say .01. Where changes are
    smallest, a deviation of .1 a year, .98 are chosen a panel and .08 of them are wrong; by who
    knows all 1.17 are chosen a panel and .03 of them are wrong.

    References
    ----------
    Stephens M (2017). False discovery rates: a new deal. Biostatistics 18(2):275-294.
    doi:10.1093/biostatistics/kxw041 (the false sign rate).

    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1(3):515-534. doi:10.1214/06-BA117A

    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57(1):289-300. doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2021-01", periods=36, freq="M")
    >>> counts = pd.concat(
    ...     pd.DataFrame({
    ...         "district": name, "period": months,
    ...         "count": pd.array(rng.poisson(mean), dtype="Int64"),
    ...         "exposure": months.days_in_month.astype(float), "complete": True,
    ...     })
    ...     for name, mean in (("North", 5 * 1.05 ** np.arange(36)), ("South", [6] * 36))
    ... )
    >>> panel = trends.analyse_panel(counts, "trend", by="district", n_jobs=1)
    >>> panel.to_frame().set_index("district")["p_bh"].round(3).tolist()
    [0.0, 0.53]
    """
    check_alpha(alpha)
    if question not in QUESTIONS:
        raise ValueError(
            f"`question` must be one of {', '.join(QUESTIONS)}, got {question!r}. Pick one."
        )
    names = (by,) if isinstance(by, str) else tuple(by)
    given, counts = counts, counts_of(counts)
    ask: Question = getattr(
        importlib.import_module(f"trends.analysis.{question}"), QUESTIONS[question]
    )
    check_jobs(n_jobs)
    takes = _check_options(ask, options)
    groups = _groups(counts, names)
    if "calibration" in takes and len(groups) >= MANY_SERIES:
        options = {"calibration": "shared", **options}
    seed = seed_of(rng)
    lends = borrow and question == "trend" and options.get("dependence") in (None, "memory")
    tasks: list[_Task] = [
        (
            ask,
            one,
            {
                **options,
                **({"alpha": alpha} if "alpha" in takes else {}),
                **({"rng": _stream(seed, key)} if "rng" in takes else {}),
            },
            lends,
        )
        for key, one in groups.items()
    ]
    if backend == "spark" or (backend is None and in_spark(given)):
        found = _run_on_spark(tasks, given, n_jobs, progress)
    else:
        found = _run(tasks, backend, n_jobs, progress)
    answered = dict(zip(groups, found, strict=True))
    _refuse_if_all_are_refused(answered)
    answers = _table(answered, names, alpha)
    clear = answers["p_value"] < alpha
    return Panel(
        counts=counts,
        question=question,
        by=names,
        answers=answers,
        results={key: one.result for key, one in answered.items() if one.result is not None},
        options=dict(options),
        borrow=borrow,
        seed=seed,
        conf_level=1 - alpha,
        n_groups=len(answers),
        n_answered=int((answers["status"] == "ok").sum()),
        n_clear=int(clear.sum()),
        n_survive=int((answers["p_bh"] < alpha).sum()),
        caveats=(
            *(("panel_incomplete",) if (answers["status"] != "ok").any() else ()),
            *(("calibration_shared",) if options.get("calibration") == "shared" else ()),
        ),
    )


class _Answer(NamedTuple):
    """What became of one group: ok, refused, failed or lost, and why."""

    status: str
    reason: str
    result: Result | None
    headline: Finding | None
    lent: Lent | None


#: Question, series, options, and whether the answer lends to others.
_Task = tuple[Question, pd.DataFrame, dict[str, Any], bool]


def _answer(ask: Question, one: pd.DataFrame, options: dict[str, Any], borrow: bool) -> _Answer:
    """Ask the question of one series."""
    try:
        result = ask(one, **options)
        headline = result.findings()[0]
        lent = _lent(result) if borrow else None
    except ValueError as refusal:
        return _Answer("refused", str(refusal), None, None, None)
    except (RuntimeError, ArithmeticError) as failure:
        return _Answer("failed", str(failure), None, None, None)
    return _Answer("ok", "", result, headline, lent)


def _lent(trend: Any) -> Lent | None:
    """Return what a trend has to lend; nothing where no line describes its series.

    Only memories that fade are lent: whether levels wander is judged series by series, on another
    scale of evidence.
    """
    if trend.verdict in ("wanders", "started", "stopped"):
        return None
    seen = observed_periods(trend.series)
    years = years_from_middle(seen.periods)
    waves = season_columns(seen.periods, trend.season)[0]
    jumps, _ = jump_columns(seen)
    every_row = np.column_stack([np.ones(years.size), years, waves, jumps])
    return lend(seen, every_row, family=trend.family)


def _check_options(ask: Question, options: Mapping[str, Any]) -> set[str]:
    """Return the options a question takes; raise if it does not take one of these."""
    parameters = list(inspect.signature(ask).parameters.values())[1:]
    takes = {one.name for one in parameters}
    for one in parameters:
        if one.default is one.empty and one.name not in options:
            raise TypeError(
                f"`options` must say what is asked about, got no {one.name!r}. Give {one.name}= as "
                f"{ask.__name__} takes it."
            )
    for name in options:
        if name not in takes - {"alpha", "rng"}:
            raise TypeError(
                f"`options` must be options of {ask.__name__} "
                f"({', '.join(sorted(takes - {'alpha', 'rng'}))}), got {name!r}. Correct the name."
            )
    return takes


def _groups(counts: pd.DataFrame, names: tuple[str, ...]) -> dict[tuple[object, ...], pd.DataFrame]:
    """Return the series of every group, in the order of their labels."""
    if not names:
        raise ValueError("`by` must name at least one group column, got none. Name one.")
    for name in names:
        if not isinstance(counts, pd.DataFrame) or name not in counts:
            known = ", ".join(map(str, counts.columns)) if isinstance(counts, pd.DataFrame) else ""
            raise ValueError(
                f"`by` must name group columns of the table, got {name!r} beside {known}. "
                "Correct the name."
            )
    found: dict[tuple[object, ...], pd.DataFrame] = {}
    parts = counts.groupby(list(names), sort=False, dropna=False, observed=True)
    for labels, part in sorted(parts, key=lambda item: [str(label) for label in item[0]]):
        key = tuple(None if pd.isna(label) else label for label in labels)
        found[key] = one_series(
            part, **{str(name): label for name, label in zip(names, key, strict=True)}
        )
    return found


def _stream(seed: int, key: tuple[object, ...]) -> np.random.Generator:
    """Return the random numbers of one group, whatever its place in the table."""
    words = hashlib.sha256(repr([str(label) for label in key]).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(words, dtype=np.uint32).tolist()])


def _run(
    tasks: list[_Task],
    backend: str | None,
    n_jobs: int | None,
    progress: Callable[[int, int], None] | None,
) -> list[_Answer]:
    """Run the tasks and return their answers in order; what ends its worker is lost."""
    client = _client_of_dask(backend)
    if client is not None:
        return _run_on_dask(tasks, client, n_jobs, progress)
    found: list[_Answer] = []

    def answer(some: list[_Task]) -> str | None:
        try:
            with _engine(backend, n_jobs) as engine:
                for each in engine(delayed(_answer)(*task) for task in some):
                    found.append(each)
                    if progress is not None:
                        progress(len(found), len(tasks))
        # Each backend has a class of its own for a death, and Ray need not be installed.
        except Exception as fault:
            if type(fault).__name__ not in _DEATHS:
                raise
            return type(fault).__name__
        return None

    return _past_deaths(tasks, found, answer)


def _past_deaths(
    tasks: list[_Task], found: list[_Answer], answer: Callable[[list[_Task]], str | None]
) -> list[_Answer]:
    """Answer all tasks in order, also beside some that end the worker that asks them.

    Which of them it was is not said, so what is left is halved until it stands alone.

    Parameters
    ----------
    tasks : list
    found : list
        Takes the answers.
    answer : callable
        Adds answers of some tasks to `found`, from the first on; returns the name of a death that
        ended it.
    """
    left, deaths = [tasks], 0
    while left:
        some = left.pop()
        start = len(found)
        death = answer(some)
        rest = some[len(found) - start :]
        if death is None or not rest:
            continue
        deaths += 1
        if len(rest) == 1 or deaths > MOST_DEATHS:
            found += _lost(len(rest), death)
        else:
            middle = len(rest) // 2
            left += [rest[middle:], rest[:middle]]
    return found


def _client_of_dask(backend: str | None) -> Any:
    """Return the client of Dask that answers, if it is Dask that was asked for."""
    if backend is None:
        active = get_active_backend()[0]
        return getattr(active, "client", None) if "Dask" in type(active).__name__ else None
    if backend != "dask":
        return None
    try:
        from distributed import get_client

        return get_client()
    except (ImportError, ValueError) as missing:
        raise ValueError(
            "`backend` must be one that runs here, got 'dask' without a client of Dask. Install "
            "distributed and make a distributed.Client first."
        ) from missing


def _run_on_dask(
    tasks: list[_Task],
    client: Any,
    n_jobs: int | None,
    progress: Callable[[int, int], None] | None,
) -> list[_Answer]:
    """Answer on the workers of Dask; what ended every worker that tried it is lost."""
    found: dict[int, _Answer] = {}
    for at, answer in run_on_dask(_answer, tasks, client, n_jobs):
        found[at] = _lost(1, str(answer))[0] if isinstance(answer, LostWork) else answer
        if progress is not None:
            progress(len(found), len(tasks))
    return [found[at] for at in range(len(tasks))]


@contextmanager
def _engine(backend: str | None, n_jobs: int | None) -> Iterator[Parallel]:
    """Give what answers in parallel: backends of other packages register themselves here."""
    if backend is None:
        active, configured = get_active_backend()
        # Where nobody said anything joblib tells none, or one in its earlier versions.
        workers = n_jobs if n_jobs is not None else -1 if configured in (None, 1) else configured
        yield Parallel(n_jobs=workers, return_as=_answers_come(active))
    else:
        if backend == "ray":
            _register_ray()
        with parallel_config(backend=backend):
            active = get_active_backend()[0]
            workers = -1 if n_jobs is None else n_jobs
            yield Parallel(n_jobs=workers, return_as=_answers_come(active))


def _register_ray() -> None:
    """Make the backend of Ray known to joblib, which does not know it by itself."""
    try:
        joblib_of_ray = importlib.import_module("ray.util.joblib")
    except ImportError as missing:
        raise ValueError(
            "`backend` must be one that runs here, got 'ray' without Ray. Install ray first."
        ) from missing
    joblib_of_ray.register_ray()


def _answers_come(active: Any) -> Literal["generator", "list"]:
    """Tell whether a backend of joblib gives its answers one by one; that of Ray cannot."""
    return "generator" if active.supports_return_generator else "list"


def _run_on_spark(
    tasks: list[_Task],
    given: Any,
    n_jobs: int | None,
    progress: Callable[[int, int], None] | None,
) -> list[_Answer]:
    """Answer on the workers of Spark; what it gives up when asked by itself is lost."""
    found: list[_Answer] = []

    def answer(some: list[_Task]) -> str | None:
        try:
            found.extend(run_on_spark(_answer, some, given, n_jobs))
        except LostWork as death:
            return str(death)
        return None

    _past_deaths(tasks, found, answer)
    if progress is not None:
        progress(len(tasks), len(tasks))
    return found


def _lost(n_groups: int, death: str) -> list[_Answer]:
    """Return the answers that a dying worker took along."""
    reason = f"A worker ended before it had answered ({death})."
    return [_Answer("lost", reason, None, None, None)] * n_groups


def _refuse_if_all_are_refused(answered: Mapping[tuple[object, ...], _Answer]) -> None:
    """Raise if every group was refused in the same words: then the options are at fault."""
    reasons = {(one.status, one.reason) for one in answered.values()}
    if len(answered) > 1 and len(reasons) == 1 and next(iter(reasons))[0] == "refused":
        raise ValueError(next(iter(reasons))[1])


def _table(
    answered: Mapping[tuple[object, ...], _Answer], names: tuple[str, ...], alpha: float
) -> pd.DataFrame:
    """Return one row per group."""
    rows = []
    for key, one in answered.items():
        said = one.headline
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "status": one.status,
                "reason": one.reason,
                "term": said.quantity if said else "",
                "estimate": said.estimate if said else np.nan,
                "conf_low": said.conf_low if said else np.nan,
                "conf_high": said.conf_high if said else np.nan,
                "conf_level": 1 - alpha,
                "p_value": said.p_value if said else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    tested = table["p_value"].notna()
    for name, method in (("p_bh", "fdr_bh"), ("p_by", "fdr_by")):
        table[name] = np.nan
        if tested.any():
            table.loc[tested, name] = multipletests(table.loc[tested, "p_value"], method=method)[1]
    return _with_borrowed(table, list(answered.values()), names, alpha)


def _with_borrowed(
    table: pd.DataFrame, answers: list[_Answer], names: tuple[str, ...], alpha: float
) -> pd.DataFrame:
    """Return the table with what trends say in the light of their neighbours."""
    lending = np.array([one.lent is not None for one in answers])
    if not lending.any():
        return table
    counter = [name for name in names if name in COUNTER_COLUMNS]
    pools = (
        table[counter].astype(str).agg("|".join, axis=1) if counter else pd.Series("", table.index)
    )
    columns = ["shrunk_estimate", "shrunk_low", "shrunk_high", "false_sign_rate"]
    table[columns] = np.nan
    for pool in pools.unique():
        rows = np.flatnonzero(lending & (pools == pool).to_numpy())
        if rows.size >= LEAST_SERIES:
            posterior = borrow_slopes([cast(Lent, answers[row].lent) for row in rows])
            low, high = posterior.interval(alpha)
            table.loc[table.index[rows], columns] = np.column_stack(
                [
                    *(percent_change(each) for each in (posterior.estimate, low, high)),
                    posterior.false_sign_rate,
                ]
            )
    return table
