# The front door. Every target makes what it needs; `make site` and `make test` are the two that matter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV := $(VENV)/.installed
SPARK := $(VENV)/.spark
# Places of a map and notes on the arithmetic of statements are of no kind that is validated.
TABLES := $(filter-out data/places.csv data/misfits_in_notes.csv,$(wildcard data/*.csv))

.PHONY: help axe env dist site quarto manual hostile torture questions test test-slow check bench mutate lock clean

help:
	@echo "make site       build the report: _site/index.html and the PDFs"
	@echo "make quarto     install the Quarto CLI into the environment, where the network allows it"
	@echo "make manual     write the manual's reference and glossary from the docstrings"
	@echo "make test       run the tests"
	@echo "make hostile    run every hostile input and fault, and write their table to docs/"
	@echo "make torture    make up tables, pages and series for longer than the tests do"
	@echo "make questions  ask a newcomer's ten questions in a browser and save what it shows"
	@echo "make test-slow  run the long simulations too"
	@echo "make check      lint, types, import rules, data, and the words of the built site"
	@echo "make bench      measure speed and statistical behaviour (long)"
	@echo "make mutate     break lines on purpose and say which breaks no test noticed (long)"
	@echo "make dist       build the wheel and the source archive into dist/"
	@echo "make lock       renew requirements.lock from pyproject.toml"
	@echo "make clean      remove what was built"

env: $(ENV)

# The environment is pinned by hash; the package itself is installed from this folder. The lock is complete, so pip
# resolves nothing (an old pip would prefer a newer release to the pinned one where a requirement names an extra), and
# `pip check` says whether the lock really is complete.
$(ENV): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; call make PYTHON=python3.12 for instance")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

# PySpark is large and needs Java: it is installed for the tests only where Java is.
$(SPARK): benchmarks/requirements.lock $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r benchmarks/requirements.lock
	@touch $@

site: $(ENV)
	$(BIN)/trends render

# The package of this name fetches the program itself while it is installed. Where it cannot, everything but the
# comparison of the two engines works without.
QUARTO_VERSION ?= 1.9.38
quarto: $(ENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "quarto-cli==$(QUARTO_VERSION)" \
		&& $(BIN)/quarto --version \
		|| { echo "Quarto $(QUARTO_VERSION) cannot be fetched from here: its package downloads the program from outside" \
			"the package index. The site is built without it (make site); the comparison of both engines is skipped."; \
			exit 1; }

manual: $(ENV)
	$(BIN)/python docs/reference.py

# The tests in a browser ask axe-core which rules of WCAG a page breaks; without npm those are skipped.
AXE := node_modules/axe-core/axe.min.js
axe:
	@test -f $(AXE) || npm install --no-save --no-audit --no-fund --silent axe-core@4 \
		|| echo "axe-core cannot be fetched from here: the tests that ask it are skipped."

test: axe $(ENV) $(if $(shell command -v java 2>/dev/null),$(SPARK))
	$(BIN)/python -m pytest

test-slow: axe $(ENV)
	$(BIN)/python -m pytest -m "slow or not slow"

hostile: $(ENV)
	$(BIN)/python tests/test_hostile.py
	$(BIN)/python -m pytest tests/test_hostile.py -m "slow or not slow"

torture: $(ENV)
	$(BIN)/python -m pytest tests/torture -m "slow or not slow" --hypothesis-profile=long

SHOTS ?= .screenshots
questions: $(ENV)
	SHOTS=$(SHOTS) $(BIN)/python -m pytest tests/browser/test_ten_questions.py -m "slow or not slow"

check: $(ENV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/trends validate $(TABLES)
	$(BIN)/trends render
	$(BIN)/trends lint _site

bench: $(ENV) $(SPARK)
	for script in $(filter-out benchmarks/mutation.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done

mutate: $(ENV)
	$(BIN)/python benchmarks/mutation.py

# The package that builds stands in the lock, so that a release is built with pinned tools.
dist: $(ENV)
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(BIN)/python -m pytest tests/test_distribution.py

lock: $(ENV)
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --upgrade \
		--extra report --extra quarto --extra dev -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --upgrade \
		--extra bench -c requirements.lock -o benchmarks/requirements.lock

clean:
	rm -rf _site dist node_modules .screenshots .trends-cache .fonts .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
