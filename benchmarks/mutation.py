"""Which broken lines does no test notice?

A fixed sample of mutants of `trends/models`, `trends/analysis` and `trends/findings` (those whose
names have the smallest hashes, so that the sample stays as it is where the code does) is made by
mutmut in a copy of the project: each changes one operator, constant, argument or word. The tests of
its module, then those of its room and of the modules that import it, should go red; all other tests
and the examples of docstrings are not asked, so the rate is a lower bound. The table of the sample
goes to benchmarks/results/mutation.csv, the kill rate and the survivors with their lines to
mutation.md. Mutants that no test could notice are listed with the reason in
equivalent_mutants.toml; they count as survivors, and the rate without them is given beside the
other. `make mutate` runs it.

With `--folder` the copy is kept. Called again it takes over code and tests as they now are, and
asks only about mutants that were not noticed before or whose line has changed since.
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
import tomllib
from pathlib import Path

import hypothesis
import pandas as pd

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
NOT_ASKED = "tests/findings/test_words.py::test_what_a_finding_is_given_has_words"
#: Seconds after which a test that hangs counts as red.
LIMIT = 900


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
def bodies(path: Path) -> dict[str, list[str]]:
    """Return the lines of every function of a file by its name."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    return {
        node.name: lines[node.lineno : node.end_lineno]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }


def difference(folder: Path, name: str) -> str:
    """Return the lines that a mutant changes, before and after."""
    module, function = name.rsplit(".", 1)
    mutated = bodies(folder / "mutants" / f"{module.replace('.', '/')}.py")
    original = mutated[f"{function.rpartition('__mutmut_')[0]}__mutmut_orig"]
    changed = difflib.unified_diff(original, mutated[function], n=0, lineterm="")
    return "\n".join(line for line in changed if not re.match(r"(\+\+\+|---|@@)", line))


def importers() -> dict[str, set[str]]:
    """Return the modules that import each module by name."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "trends").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for imported in re.findall(
            r"^\s*from (trends[\w.]*) import", path.read_text(), re.MULTILINE
        ):
            found.setdefault(imported, set()).add(module)
    return found


def tests_of(name: str, imported_by: dict[str, set[str]]) -> list[str]:
    """Return the tests that should notice a mutant, the nearest first."""
    module = name.rsplit(".", 1)[0]
    _, room, *folders, own = module.split(".")
    near = [module, f"trends.analysis.{own}", *sorted(imported_by.get(module, ()))]
    files = [f"tests/{'/'.join(one.split('.')[1:-1])}/test_{one.split('.')[-1]}.py" for one in near]
    if room == "models":
        beside = "/".join(["tests", room, *folders])
        files = [files[0], beside, *(one for one in files if not one.startswith(f"{beside}/"))]
    elif room == "analysis":
        files += ["tests/findings/test_questions.py", "tests/test_contract.py"]
    else:
        files += ["tests/findings", "tests/test_contract.py"]
    return [one for one in dict.fromkeys(files) if (ROOT / one).exists()]


def ask(name: str, tests: list[str], said: Path) -> tuple[str, str]:
    """Run tests on one mutant in a fork; return the outcome and the first test that noticed it."""
    for one in tests:
        child = os.fork()
        if child == 0:
            _answer(name, one, said)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        red = [line for line in said.read_text(errors="replace").splitlines() if " " in line]
        red = [line.split(" ")[1] for line in red if line.startswith(("FAILED ", "ERROR "))]
        if code == -signal.SIGALRM:
            return "timeout", one
        if code != 0:
            return "killed", red[0] if red else one
    return "survived", ""


def _answer(name: str, tests: str, said: Path) -> None:
    """Run tests on a mutant in this process, and end it with pytest's exit code."""
    import pytest
    from mutmut.mutation.trampoline import set_mutant_under_test

    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    set_mutant_under_test(name)
    signal.alarm(LIMIT)
    code = 1
    try:
        options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", f"--deselect={NOT_ASKED}"]
        # what is loaded before the fork is not loaded again for every mutant
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        code = int(pytest.main([*options, tests]))
    finally:
        os._exit(code if code != int(pytest.ExitCode.NO_TESTS_COLLECTED) else 0)


def load(folder: Path) -> None:
    """Load the mutated package, and what its tests load, into this process."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["MPLBACKEND"], os.environ["MUTANT_UNDER_TEST"] = "Agg", ""
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


def report(table: pd.DataFrame, changes: dict[str, str], tested: str) -> str:
    """Return the kill rates and the survivors as Markdown."""
    killed = table["outcome"] != "survived"
    reasons = equivalent(changes)
    same = table["mutant"].isin(reasons) & ~killed
    rooms = table.assign(killed=killed, room=table["module"].str.split(".").str[1])
    rates = rooms.groupby("room")["killed"].agg(["sum", "size"])
    lines = [
        "# Mutants that no test noticed",
        "",
        f"{killed.sum()} of {len(table)} mutants killed ({100 * killed.mean():.1f}%) at commit "
        f"{tested}: "
        + ", ".join(f"{room} {row['sum']} of {row['size']}" for room, row in rates.iterrows())
        + f"; {(table['outcome'] == 'timeout').sum()} of them by time. Without the "
        f"{same.sum()} survivors that no test could notice: "
        f"{100 * killed.sum() / (~same).sum():.1f}%.",
        "",
    ]
    for name in table.loc[~killed, "mutant"]:
        lines += [f"`{name}`", "", "```diff", changes[name], "```", ""]
        lines += [f"Equivalent: {reasons[name]}", ""] if name in reasons else []
    return "\n".join(lines)


def main() -> None:
    """Run the sample and write its table and its survivors."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-mutants", type=int, default=320)
    options.add_argument("--skip", type=int, default=0, help="pass over so many for another sample")
    options.add_argument("--folder", type=Path, help="keep the copy here and use what it holds")
    chosen = options.parse_args()
    folder = (chosen.folder or Path(tempfile.mkdtemp(prefix="mutation-"))).resolve()
    tested = commit()
    prepare(folder)
    kept = folder / "outcomes.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    sample = sorted(mutants(folder)[chosen.skip : chosen.skip + chosen.n_mutants])
    changes = {name: difference(folder, name) for name in sample}
    imported_by = importers()
    load(folder)
    green = [
        name
        for name in sample
        if name not in known
        or known[name]["outcome"] == "survived"
        or known[name]["change"] != changes[name]
    ]
    # the nearest tests of every mutant first, because they notice most of them
    for nearest in (True, False):
        for name in list(green):
            tests = tests_of(name, imported_by)
            asked = tests[:1] if nearest else tests[1:]
            outcome, noticed_by = ask(name, asked, folder / "said.txt")
            known[name] = {"outcome": outcome, "noticed_by": noticed_by, "change": changes[name]}
            kept.write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")
            print(outcome, name, noticed_by, flush=True)
            if outcome != "survived":
                green.remove(name)
    table = pd.DataFrame(
        [
            {
                "module": name.rsplit(".", 1)[0],
                "mutant": name,
                "outcome": known[name]["outcome"],
                "noticed_by": known[name]["noticed_by"],
            }
            for name in sample
        ]
    )
    written = report(table, changes, tested)
    if not chosen.skip:
        table.to_csv(RESULTS / "mutation.csv", index=False)
        (RESULTS / "mutation.md").write_text(written, encoding="utf-8")
    print(written.splitlines()[2])


if __name__ == "__main__":
    main()
