# convista's commands. `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test bench docs clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/installed-all ## train on the built-in threes and sevens; writes runs/demo/report.html
	@rm -rf runs/demo  # the demo's own folder: the same command makes the same bits again
	$(BIN)/convista train mnist_sample --out runs/demo --seed 0

test: .venv/installed-dev ## the whole gate: format, lint, types, doctests, tests, wheel
	scripts/check

bench: .venv/installed-bench ## measure the engines against other libraries on this machine
	$(BIN)/python -m benchmarks

docs: .venv/installed-dev ## the reference pages, into site/
	$(BIN)/python -m pdoc --docformat numpy -o site convista

clean: ## remove what the commands above made
	rm -rf .venv site dist build runs/demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The stamp files keep both commands idempotent: an install runs again when its lists change.
.venv/installed-%: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e ".[$*]"
	@touch $@
