"""Which broken lines does no test notice?

mutmut makes mutants of `trends/models`, `trends/analysis` and `trends/findings` in a copy of the
project: each changes one operator, constant, argument or word. The sample is fixed and random:
those whose names have the smallest hashes, asked about in that order, so that a part of it is a
fair sample too, and it stays as it is where the code does. Every mutant is asked about in a fork of
one process. Only tests that run the line it changes are asked, those of its module first, then
those of its room and of the modules that import it, the quickest first, until one is red; what a
test file runs is found out once, without a mutant, and its tests that are red then are not asked.
The tests that noticed mutants must be green without them when no others run. Other tests and the
examples of docstrings are not asked, so the rate is a lower bound.

The table goes to benchmarks/results/mutation.csv, the kill rates and the survivors with their lines
to mutation.md. Mutants that no test could notice are listed with the reason in
equivalent_mutants.toml; they count as survivors, and the rate without them is given beside the
other. `make mutate` runs it: some hours on one processor.

With `--folder` the copy and every outcome are kept, also when it is interrupted. Called again it
takes over code and tests as they now are, and asks only about mutants that were not noticed before,
not asked about, or whose line has changed since; what an outcome was when first asked stays beside
it.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import hashlib
import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path

import coverage
import hypothesis
import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
EQUIVALENT = Path(__file__).parent / "equivalent_mutants.toml"
ROOMS = ("models", "analysis", "findings")
COPIED = ("trends", "tests", "data", "reports", "benchmarks")
CONFIGURATION = """
[tool.mutmut]
source_paths = ["trends"]
only_mutate = ["trends/models/*", "trends/analysis/*", "trends/findings/*"]
also_copy = ["data", "reports", "benchmarks", "_quarto.yml", "README.md", "CHANGELOG.md"]
"""
#: What `mutmut run` does before it runs tests.
MAKE_MUTANTS = """
import os, pathlib
from mutmut import __main__ as mutmut
mutmut.set_mutant_under_test("mutant_generation")
pathlib.Path("mutants").mkdir(exist_ok=True)
mutmut.copy_src_dir()
mutmut.copy_also_copy_files()
mutmut.setup_source_paths()
mutmut.create_mutants(os.cpu_count())
"""
#: Tests of the source text, which holds all mutants at once.
NOT_ASKED = (
    "test_what_a_finding_is_given_has_words",
    "test_a_finding_names_only_tables_of_grades",
    "test_every_caveat_that_an_analysis_raises",
    "test_every_caveat_is_raised",
    "test_every_sentence_and_label_is_said",
    "test_everything_that_is_explained_is_used",
)
#: A hanging test counts as red after so many times the seconds of processor time that it and those
#: before it took unbroken, and so many seconds more.
SLOWER, GRACE = 5, 30
#: Of the files further off than the first, the quickest tests, of so many seconds a file.
FURTHER = 20
#: Seconds that all tests of a file may take.
LIMIT = 300
#: Outcomes of a mutant that tests noticed.
NOTICED = ("killed", "timeout")
OPTIONS = ["-q", "--tb=line", "-p", "no:cacheprovider"]
# what is loaded before the fork is not loaded again for every mutant
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
OPTIONS += [f"--deselect=tests/findings/test_words.py::{name}" for name in NOT_ASKED]


def prepare(folder: Path) -> None:
    """Copy what the tests need, with mutmut's settings, and make the mutants."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        for place in (folder / name, folder / "mutants" / name):
            if name != "trends" or place.parent == folder:
                shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, folder)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(CONFIGURATION)
    with (folder / "mutmut.log").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-c", MAKE_MUTANTS]
        environment = {**os.environ, "PYTHONPATH": ""}
        subprocess.run(command, cwd=folder, stdout=log, stderr=log, env=environment, check=True)


def mutants(folder: Path) -> list[str]:
    """Return the names of all mutants, those with the smallest hashes first."""
    names: list[str] = []
    for room in ROOMS:
        for path in (folder / "mutants" / "trends" / room).rglob("*.meta"):
            names += json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


@functools.cache
def lines_of(path: Path) -> list[str]:
    """Return the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def function_lines(path: Path, name: str) -> tuple[int, list[str]]:
    """Return where a function of a file starts and its lines.

    A file of mutants is too long to be parsed whole.
    """
    lines = lines_of(path)
    (start,) = [
        place for place, line in enumerate(lines) if line.lstrip().startswith(f"def {name}(")
    ]
    indent = len(lines[start]) - len(lines[start].lstrip())
    stop = start + 1
    while stop < len(lines) and (
        not lines[stop].strip() or re.match(rf" {{{indent + 1}}}| {{{indent}}}\)", lines[stop])
    ):
        stop += 1
    return start, lines[start:stop]


def difference(folder: Path, name: str) -> tuple[str, set[int]]:
    """Return the lines a mutant changes, before and after, and which lines of its file they are.

    The numbers are those of the unbroken function in the file of all mutants, with the other
    lines of the statements.
    """
    path, function = source_of(folder, name), name.rsplit(".", 1)[1]
    start, original = function_lines(path, f"{function.rpartition('__mutmut_')[0]}__mutmut_orig")
    _, mutated = function_lines(path, function)
    mutated[0] = mutated[0].replace(function, f"{function.rpartition('__mutmut_')[0]}__mutmut_orig")
    changed = difflib.unified_diff(original, mutated, n=0, lineterm="")
    told = "\n".join(line for line in changed if not re.match(r"(\+\+\+|---|@@)", line))
    matcher = difflib.SequenceMatcher(None, original, mutated, autojunk=False)
    places: set[int] = set()
    for kind, first, last, _, _ in matcher.get_opcodes():
        if kind != "equal":
            places |= set(range(first + 1, max(last, first + 1) + 1))
    whole = set(places)
    (tree,) = ast.parse(textwrap.dedent("\n".join(original))).body
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or node.lineno
            if places & set(range(node.lineno, last + 1)):
                # a default is at work wherever the function is
                end = len(original) if node is tree else last
                whole |= set(range(node.lineno, end + 1))
    return told, {start + line for line in whole}


def source_of(folder: Path, name: str) -> Path:
    """Return the file that holds a mutant."""
    return folder / "mutants" / f"{name.rsplit('.', 1)[0].replace('.', '/')}.py"


def importers(folder: Path) -> dict[str, set[str]]:
    """Return the modules that import each module by name."""
    found: dict[str, set[str]] = {}
    for path in (folder / "trends").rglob("*.py"):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        for imported in re.findall(
            r"^\s*from (trends[\w.]*) import", path.read_text(), re.MULTILINE
        ):
            found.setdefault(imported, set()).add(module)
    return found


def files_of(folder: Path, name: str, imported_by: dict[str, set[str]]) -> list[str]:
    """Return the files whose tests should notice a mutant, the nearest first."""
    module = name.rsplit(".", 1)[0]
    _, room, *folders, own = module.split(".")
    near = [module, f"trends.analysis.{own}", *sorted(imported_by.get(module, ()))]
    if room == "models":
        # numbers of numbers: as far as the questions that are answered with them
        for one in near:
            if one.startswith("trends.models."):
                near += [each for each in sorted(imported_by.get(one, ())) if each not in near]
    places = [f"{'/'.join(one.split('.')[1:-1])}/test_{one.split('.')[-1]}.py" for one in near]
    if room == "models":
        places.insert(1, "/".join([room, *folders]))
    elif room == "analysis":
        places += ["findings/test_questions.py", "test_contract.py"]
    else:
        places += ["findings", "test_contract.py"]
    found: list[Path] = []
    for one in places:
        path = folder / "tests" / one
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return [str(one.relative_to(folder)) for one in dict.fromkeys(found) if one.exists()]


class Covered:
    """Notes for every test of a file which of the mutated lines it runs, without any mutant."""

    def __init__(self, folder: Path, places: dict[str, tuple[Path, set[int]]]) -> None:
        rooms = [str(folder / "mutants" / "trends" / room / "*") for room in ROOMS]
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=rooms)
        self.places = places
        self.users: dict[str, list[str]] = {}
        self.seconds: dict[str, float] = {}
        self.red: set[str] = set()
        self.shared = 0.0
        self.context = "collection"
        self.coverage.start()
        self.coverage.switch_context(self.context)

    def _within(self, context: str):
        before, self.context = self.context, context
        self.coverage.switch_context(context)
        start = time.process_time()
        yield
        self.coverage.switch_context(before)
        self.context = before
        return time.process_time() - start

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        """Run a test with nothing remembered from tests before it."""
        for module in [one for name, one in sys.modules.items() if name.startswith("trends.")]:
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
        for fixture in item.fixturenames:
            self.users.setdefault(f"fixture {fixture}", []).append(item.nodeid)
        inside = self._within(item.nodeid)
        next(inside)
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = _returned(inside)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef):
        """Count what is made once for several tests for all of them."""
        if fixturedef.scope == "function":
            return (yield)
        inside = self._within(f"fixture {fixturedef.argname}")
        next(inside)
        try:
            return (yield)
        finally:
            self.shared += _returned(inside)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which tests are red without any mutant."""
        if report.failed:
            self.red.add(report.nodeid)

    def found(self) -> dict[str, object]:
        """Return seconds and red tests, and the tests that run the line of each mutant."""
        self.coverage.stop()
        data = self.coverage.get_data()
        runs: dict[str, list[str]] = {}
        by_file = {path: data.contexts_by_lineno(str(path)) for path, _ in self.places.values()}
        for name, (path, lines) in self.places.items():
            contexts = {one for line in lines for one in by_file[path].get(line, [])}
            tests = {test for one in contexts for test in self.users.get(one, [one])}
            tests = set(self.seconds) if "collection" in tests else tests & set(self.seconds)
            if tests - self.red:
                runs[name] = sorted(tests - self.red, key=self.seconds.__getitem__)
        return {"seconds": self.seconds, "shared": self.shared, "runs": runs}


def _returned(generator) -> float:
    """Return what a generator returns at its end."""
    try:
        next(generator)
    except StopIteration as end:
        return end.value
    raise RuntimeError("two ends")


class Chosen:
    """Runs some tests of a file in a given order, or all, and writes which was red."""

    def __init__(self, tests: list[str] | None, said: Path) -> None:
        self.order = tests and {test: place for place, test in enumerate(tests)}
        self.said = said

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen tests."""
        if self.order is None:
            return
        items[:] = [one for one in items if one.nodeid in self.order]
        items.sort(key=lambda one: self.order[one.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the first red test."""
        if report.failed:
            self.said.write_text(report.nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write a file that cannot be read any more."""
        if report.failed:
            self.said.write_text(report.nodeid, encoding="utf-8")


class Asking:
    """Asks the tests about mutants, each in a fork of this process."""

    def __init__(self, folder: Path, places: dict[str, tuple[Path, set[int]]]) -> None:
        self.folder = folder
        self.places = places
        self.said = folder / "said.txt"
        self.covered: dict[str, dict] = {}
        self.doubted: set[str] = set()
        self.seen: set[str] = set()
        self.sample = [repr((k, sorted(v[1]))).encode() for k, v in sorted(places.items())]
        self.imported_by = importers(folder)

    def kept(self, file: str) -> Path:
        """Return where it is kept what the tests of a file run, as they and the sample are."""
        conftests = sorted((self.folder / "tests").rglob("conftest.py"))
        parts = [path.read_bytes() for path in [*conftests, self.folder / file]]
        parts += self.sample
        return self.folder / "covered" / f"{hashlib.sha256(b''.join(parts)).hexdigest()}.json"

    def cover(self, file: str) -> dict:
        """Return what the tests of a file run; looked up once, and kept."""
        if file not in self.covered:
            kept = self.kept(file)
            if not kept.exists():
                kept.parent.mkdir(exist_ok=True)

                def look() -> int:
                    plugin = Covered(self.folder, self.places)
                    pytest.main([*OPTIONS, file], plugins=[plugin])
                    kept.write_text(json.dumps(plugin.found()), encoding="utf-8")
                    return 0

                start = time.time()
                self._fork("", look, 3600)
                told = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
                print(f"# {file}: {len(told.get('seconds', ()))} tests in", end=" ")
                print(f"{time.time() - start:.0f} seconds", flush=True)
            self.covered[file] = json.loads(kept.read_text(encoding="utf-8"))
        return self.covered[file]

    def ask(self, name: str) -> tuple[str, str]:
        """Return what became of a mutant and the first test that noticed it."""
        ran = False
        for file in files_of(self.folder, name, self.imported_by):
            # finding out what a file runs takes as long as running it once
            known = file in self.seen or self.kept(file).exists()
            tests = self.tests(file, name, further=ran) if known else None
            self.seen.add(file)
            if tests is None or tests:
                ran = True
                outcome, red = self._run(name, file, tests)
                if outcome != "survived":
                    return outcome, red
        return "survived" if ran else "not run", ""

    def tests(self, file: str, name: str, *, further: bool) -> list[str]:
        """Return the tests of a file that run the line of a mutant, the quickest first."""
        covered = self.cover(file)
        tests = [one for one in covered["runs"].get(name, ()) if one not in self.doubted]
        if not further:
            return tests
        spent = np.cumsum([covered["seconds"][one] for one in tests])
        return tests[: max(int(np.sum(spent <= FURTHER)), 1)]

    def doubt(self, noticed_by: set[str]) -> set[str]:
        """Return the tests that are red without a mutant when those before them do not run."""
        files: dict[str, list[str]] = {}
        for test in sorted(noticed_by):
            if "::" in test:
                files.setdefault(test.split("::")[0], []).append(test)
        red: set[str] = set()
        for file, tests in files.items():
            while tests and (found := self._run("", file, tests))[0] != "survived":
                red.add(found[1])
                if found[1] not in tests:
                    break
                tests.remove(found[1])
        self.doubted |= red
        return red

    def _run(self, name: str, file: str, tests: list[str] | None) -> tuple[str, str]:
        limit = LIMIT
        if tests is not None and self.kept(file).exists():
            covered = self.cover(file)
            seconds = covered["shared"] + sum(covered["seconds"][one] for one in tests)
            limit = GRACE + SLOWER * seconds
        self.said.unlink(missing_ok=True)

        def run() -> int:
            code = int(pytest.main([*OPTIONS, "-x", file], plugins=[Chosen(tests, self.said)]))
            return 0 if code == int(pytest.ExitCode.NO_TESTS_COLLECTED) else code

        code = self._fork(name, run, limit)
        red = self.said.read_text(encoding="utf-8") if self.said.exists() else file
        if code in (-signal.SIGPROF, -signal.SIGALRM):
            return "timeout", file
        return ("killed", red) if code else ("survived", "")

    def _fork(self, name: str, run: Callable[[], int], limit: float) -> int:
        """Return the exit code of a function that runs in a fork with a mutant at work."""
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        from mutmut.mutation.trampoline import set_mutant_under_test

        code = 1
        try:
            output = os.open(self.folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            set_mutant_under_test(name)
            # what waits for ever uses no processor time
            signal.setitimer(signal.ITIMER_PROF, limit)
            signal.alarm(int(20 * limit))
            code = run()
        except BaseException:  # whatever a mutant raises, its fork must not go on as its parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)


def load(folder: Path) -> None:
    """Load the mutated package, and what its tests load, into this process."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["MPLBACKEND"], os.environ["MUTANT_UNDER_TEST"] = "Agg", ""
    sys.dont_write_bytecode = False
    os.chdir(folder / "mutants")
    sys.path[:] = [str(folder / "mutants"), *(one for one in sys.path if one != str(ROOT))]
    for name in ("matplotlib.pyplot", "statsmodels.api", "trends"):
        package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, "trends."):
        if found.name.split(".")[1] in (*ROOMS, "tables", "figures"):
            importlib.import_module(found.name)
    # The same examples each time, so that no mutant dies of another one's luck; what failed once
    # need not be made smaller.
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    options = {"derandomize": True, "deadline": None, "database": None, "phases": phases}
    hypothesis.settings.register_profile("mutation", **options)
    hypothesis.settings.load_profile("mutation")


def equivalent(changes: dict[str, str]) -> dict[str, str]:
    """Return why no test could notice some of the mutants, by name."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {
        one["name"]: one["reason"] for one in listed if one["line"] in changes.get(one["name"], "")
    }


def commit() -> str:
    """Return the commit whose code is copied, marked where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def report(table: pd.DataFrame, changes: dict[str, str], n_mutants: int, tested: str) -> str:
    """Return the kill rates and the survivors as Markdown."""
    reasons = equivalent(changes)
    noticed = table[["as_first_asked", "outcome"]].isin(NOTICED)
    noticed["neither"] = ~noticed["outcome"] & table["mutant"].isin(reasons)
    rooms = noticed.groupby(table["module"].str.split(".").str[1]).agg(["sum", "size"])
    total = noticed.sum()
    lines = [
        "# Mutants that no test noticed",
        "",
        f"{len(table)} of a sample of {n_mutants} mutants were asked about, in the random order of "
        f"the sample, at commit {tested}. Killed by time: {(table['outcome'] == 'timeout').sum()}.",
        "",
        "| | asked | killed as first asked | killed with today's tests | no test could notice |",
        "|---|---|---|---|---|",
    ]
    for room, row in [*rooms.iterrows()]:
        first, now = row["as_first_asked"], row["outcome"]
        lines.append(
            f"| {room} | {now['size']} | {first['sum']} | {now['sum']} | {row['neither']['sum']} |"
        )
    shares = [f"{total[one]} ({total[one] / len(table):.1%})" for one in noticed.columns[:2]]
    lines += [
        f"| all | {len(table)} | {shares[0]} | {shares[1]} | {total['neither']} |",
        "",
        f"Without those that no test could notice: "
        f"{total['outcome'] / (len(table) - total['neither']):.1%}.",
        "",
    ]
    missed = table["as_first_asked"].isin(NOTICED)
    parts = {
        "Not noticed": table.loc[~noticed["outcome"]],
        "Noticed since": table.loc[~missed & noticed["outcome"]],
    }
    for heading, part in parts.items():
        lines += [f"## {heading}", ""] if len(part) else []
        for name, red in part[["mutant", "noticed_by"]].itertuples(index=False):
            lines += [f"`{name}`", "", "```diff", changes[name], "```", ""]
            lines += [f"Equivalent: {reasons[name]}", ""] if name in reasons and not red else []
            lines += [f"Red: `{red}`", ""] if red else []
    return "\n".join(lines)


def main() -> None:
    """Run the sample and write its table and its survivors."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-mutants", type=int, default=320)
    options.add_argument("--skip", type=int, default=0, help="pass over so many for another sample")
    options.add_argument("--folder", type=Path, help="keep the copy here and use what it holds")
    options.add_argument("--as-copied", action="store_true", help="go on with the copy")
    chosen = options.parse_args()
    folder = (chosen.folder or Path(tempfile.mkdtemp(prefix="mutation-"))).resolve()
    tested = commit()
    if not chosen.as_copied:
        prepare(folder)
    kept = folder / "outcomes.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    sample = mutants(folder)[chosen.skip : chosen.skip + chosen.n_mutants]
    differences = {name: difference(folder, name) for name in sample}
    changes = {name: told for name, (told, _) in differences.items()}
    load(folder)
    asking = Asking(
        folder, {name: (source_of(folder, name), lines) for name, (_, lines) in differences.items()}
    )
    try:
        for again in (False, True):
            for name in sample:
                before = known.get(name, {})
                if before.get("change") != changes[name]:
                    before = {}
                noticed = before.get("outcome") in NOTICED
                if noticed or (before and (chosen.as_copied or again)):
                    continue
                start = time.time()
                outcome, noticed_by = asking.ask(name)
                known[name] = {
                    "outcome": outcome,
                    "first": before.get("first", outcome),
                    "noticed_by": noticed_by,
                    "change": changes[name],
                }
                kept.write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")
                print(f"{outcome} {time.time() - start:.0f}s {name} {noticed_by}", flush=True)
            if not again:
                red = asking.doubt({known[name]["noticed_by"] for name in sample})
                print("red without a mutant:", *red, flush=True)
                known = {name: one for name, one in known.items() if one["noticed_by"] not in red}
    except KeyboardInterrupt:
        print("interrupted; what was asked is kept", flush=True)
    asked = [name for name in sample if known.get(name, {}).get("change") == changes[name]]
    table = pd.DataFrame(
        [
            {
                "module": name.rsplit(".", 1)[0],
                "mutant": name,
                "as_first_asked": known[name]["first"],
                "outcome": known[name]["outcome"],
                "noticed_by": known[name]["noticed_by"],
            }
            for name in asked
        ]
    )
    written = report(table, changes, chosen.n_mutants, tested)
    if not chosen.skip:
        table.to_csv(RESULTS / "mutation.csv", index=False)
        (RESULTS / "mutation.md").write_text(written, encoding="utf-8")
    print(written.split("\n## ")[0])


if __name__ == "__main__":
    main()
