"""Every public name has an example that runs as it is pasted into an empty session."""

import doctest
import inspect

import matplotlib.pyplot as plt
import pytest

import trends

NAMES = sorted(name for name in trends.__all__ if inspect.isroutine(getattr(trends, name)))
CLASSES = sorted(name for name in trends.__all__ if inspect.isclass(getattr(trends, name)))
DATASETS = sorted(trends.datasets.__all__)


def examples_of(thing):
    """Return the examples of a docstring as doctest reads them."""
    return doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")


def run_as_pasted(thing, name, folder, monkeypatch):
    """Run the examples in a namespace that holds nothing, in an empty folder."""
    monkeypatch.chdir(folder)
    pasted = doctest.DocTest(examples_of(thing), {}, name, None, None, None)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    told = []
    runner.run(pasted, out=told.append)
    plt.close("all")
    assert not told, "".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_an_example_that_begins_with_the_import_and_runs(
    name, tmp_path, monkeypatch
):
    thing = getattr(trends, name)
    examples = examples_of(thing)
    assert examples, f"trends.{name} has no example"
    assert "import trends\n" in [one.source for one in examples]
    assert any(f"trends.{name}(" in one.source for one in examples)
    run_as_pasted(thing, name, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", DATASETS)
def test_a_bundled_series_has_an_example_that_runs(name, tmp_path, monkeypatch):
    thing = getattr(trends.datasets, name)
    assert any(f"trends.datasets.{name}(" in one.source for one in examples_of(thing))
    run_as_pasted(thing, name, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_with_an_example_has_one_that_runs(name, tmp_path, monkeypatch):
    run_as_pasted(getattr(trends, name), name, tmp_path, monkeypatch)
