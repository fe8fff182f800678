"""Which broken lines does no test notice?

A fixed sample of mutants of `trends/models`, `trends/analysis` and `trends/findings` (those whose
names have the smallest hashes, so that the sample stays as it is where the code does) is run by
mutmut in a copy of the project: each changes one operator, constant, argument or word, and the
tests that reach its function should go red. The table of the sample goes to
benchmarks/results/mutation.csv, the kill rate and the survivors with their lines to mutation.md.
Takes about an hour on two cores; `make mutate` runs it.

With `--folder` the copy is kept. Called again it takes over code and tests as they now are, and
runs only mutants that were not killed before or whose function has changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
ROOMS = ("models", "analysis", "findings")
COPIED = ("trends", "tests", "data", "reports", "benchmarks")
CONFIGURATION = """
[tool.mutmut]
source_paths = ["trends"]
only_mutate = ["trends/models/*", "trends/analysis/*", "trends/findings/*"]
also_copy = ["data", "reports", "benchmarks", "_quarto.yml", "README.md", "CHANGELOG.md"]
pytest_add_cli_args_test_selection = [
    "tests/models",
    "tests/analysis",
    "tests/findings",
    "tests/test_contract.py",
]
"""
#: What mutmut's exit codes mean; a mutant that no test reaches counts as a survivor.
KILLED = {
    **dict.fromkeys((1, 3, -9, -11), "killed"),
    **dict.fromkeys((-24, 24, 36, 152, 255), "timeout"),
}


def prepare(folder: Path) -> None:
    """Copy what the tests need, with mutmut's settings."""
    for name in COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, folder)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(CONFIGURATION)


def mutate(folder: Path, names: list[str], workers: int) -> None:
    """Run mutmut on the mutants of these names or patterns."""
    # CI makes Hypothesis draw the same examples each time: no mutant dies of another one's luck.
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CI"), "1")
    environment = {**os.environ, **single}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(workers), *names]
    with (folder / "mutmut.log").open("a", encoding="utf-8") as log:
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=True)


def outcomes(folder: Path) -> dict[str, int | None]:
    """Return the exit code of every mutant, None where it was not run."""
    codes: dict[str, int | None] = {}
    for room in ROOMS:
        for path in sorted((folder / "mutants" / "trends" / room).rglob("*.meta")):
            codes |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return codes


def difference(folder: Path, name: str) -> str:
    """Return the line that a mutant changes, before and after."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    changed = [
        line
        for line in shown.stdout.splitlines()
        if line[:1] in "+-" and not line.startswith(("+++", "---"))
    ]
    return "\n".join(changed)


def main() -> None:
    """Run the sample and write its table and its survivors."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-mutants", type=int, default=320)
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options.add_argument("--folder", type=Path, help="keep the copy here and use what it holds")
    chosen = options.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="mutation-"))
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder)
    # One small module first: it makes all mutants and learns which tests reach what.
    mutate(folder, ["trends.models.counts.ratio_power.*"], chosen.workers)
    codes = outcomes(folder)
    sample = sorted(codes, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    sample = sample[: chosen.n_mutants]
    mutate(folder, [name for name in sample if codes[name] not in KILLED], chosen.workers)
    codes = outcomes(folder)
    table = pd.DataFrame(
        [
            {
                "module": name.split(".x")[0],
                "mutant": name,
                "outcome": KILLED.get(codes[name] or 0, "survived"),
            }
            for name in sorted(sample)
        ]
    )
    table.to_csv(RESULTS / "mutation.csv", index=False)
    killed = (table["outcome"] != "survived").to_numpy()
    by_room = table.assign(killed=killed, room=table["module"].str.split(".").str[1])
    rates = by_room.groupby("room")["killed"].agg(["sum", "size"])
    lines = [
        "# Mutants that no test noticed",
        "",
        f"{int(killed.sum())} of {len(table)} mutants killed ({100 * killed.mean():.1f}%): "
        + ", ".join(f"{room} {row['sum']} of {row['size']}" for room, row in rates.iterrows())
        + f"; {(table['outcome'] == 'timeout').sum()} of them by time.",
        "",
    ]
    for name in table.loc[~killed, "mutant"]:
        lines += [f"`{name}`", "", "```diff", difference(folder, name), "```", ""]
    (RESULTS / "mutation.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines[:3]))


if __name__ == "__main__":
    main()
