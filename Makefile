# `make` shows the targets. Every target does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Most tests wait for other processes.
WORKERS := -n 3 --dist worksteal

.PHONY: help setup check test test-full demo bench bench-quick docs lock format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv with the locked dependencies and agentls itself

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "agentls needs Python 3.11 or newer; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

check: setup ## formatting, lint, types, layers, generated files
	$(BIN)/ruff format --check server tests docs benchmarks
	$(BIN)/ruff check server tests docs benchmarks
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check

test: setup ## all tests, with reduced counts
	$(BIN)/python -m pytest $(WORKERS) -m "not full"

test-full: setup ## all tests, with the full counts
	AGENTLS_TEST_FULL=1 $(BIN)/python -m pytest $(WORKERS)

demo: setup ## the main job in under a minute, in a temporary folder
	$(BIN)/agentls demo

bench: setup ## ratios beside the peers, in one run; writes docs/performance.md
	$(BIN)/python benchmarks/bench.py --write

bench-quick: setup ## the same, in two minutes
	$(BIN)/python benchmarks/bench.py --rounds 1 --megabytes 8 --keys 50 --sessions 20 --seconds 3

docs: setup ## write docs/protocol.md again from the protocol's types
	$(BIN)/python docs/generate.py

lock: ## compile requirements.lock from pyproject.toml
	$(BIN)/python -m piptools compile --quiet --all-build-deps --extra dev --generate-hashes --allow-unsafe \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --strip-extras \
	  --output-file requirements.lock pyproject.toml

format: setup ## format and mend what can be mended
	$(BIN)/ruff format server tests docs benchmarks
	$(BIN)/ruff check --fix server tests docs benchmarks

clean: ## remove what the targets made
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis dist
