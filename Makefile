# Understudy. `make help` lists what there is; each target does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.8
PYTHON ?= python3.11
UV := $(shell command -v uv 2>/dev/null || echo .venv-uv/bin/uv)
RUN := .venv/bin
STAMP := .venv/.synced
SOURCES := api operator workers vault cli tests bench

.PHONY: help setup tools demo stop test check format crds golden bench clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install the locked environment into .venv

demo: tools ## Start the farm, train a twin, render the demo campaign, show the results
	@$(RUN)/understudy demo

tools: $(STAMP) ## Build the Go programs of the farm, once (about 6 minutes)
	@$(RUN)/understudy tools

stop: $(STAMP) ## Stop the farm that `make demo` left running
	@$(RUN)/understudy down

test: tools ## Run all tests
	@$(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## Lint, types, import contracts, generated files
	@$(RUN)/ruff format --check --quiet $(SOURCES)
	@$(RUN)/ruff check --quiet $(SOURCES)
	@$(RUN)/mypy
	@$(RUN)/lint-imports >.import-linter.log || { cat .import-linter.log; exit 1; }
	@$(RUN)/python -m understudy_api.kinds crds --check
	@$(RUN)/python -m understudy_cli.chart_files charts/understudy --check
	@echo "check: ok"

format: $(STAMP) ## Format the code
	@$(RUN)/ruff format $(SOURCES)
	@$(RUN)/ruff check --fix $(SOURCES)

crds: $(STAMP) ## Regenerate crds/ from api/understudy_api, and what the chart takes from it
	@$(RUN)/python -m understudy_api.kinds crds
	@$(RUN)/python -m understudy_cli.chart_files charts/understudy

golden: $(STAMP) ## Refresh the golden files of the tests
	@$(RUN)/pytest tests/operator/test_crds.py tests/charts --update-golden -k golden

bench: $(STAMP) ## Measure speed and memory, as ratios (JSON and a table)
	@$(RUN)/python -m bench

clean: ## Remove the environment (the farm's state and caches stay)
	@rm -rf .venv .venv-uv

$(STAMP): pyproject.toml uv.lock | $(if $(findstring .venv-uv,$(UV)),.venv-uv/bin/uv)
	@echo "installing the locked environment into .venv (about a minute when nothing is cached) ..."
	@$(UV) sync --locked --all-extras --quiet --python $(PYTHON)
	@touch $@

.venv-uv/bin/uv:
	@$(PYTHON) -m venv .venv-uv || { echo "setup: python3.11 has no venv module; on Debian: apt install python3-venv" >&2; exit 1; }
	@.venv-uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
