# Every target bootstraps what it needs: a virtual environment in .venv, with uv from the package registry if absent.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

.PHONY: demo test lint types imports bench mutants check texts clean

$(READY): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python >= 3.11 is needed (set PYTHON=...)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@

demo: $(READY)
	@$(BIN)/holdgate demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

imports: $(READY)
	@$(BIN)/lint-imports

check: lint types imports
	@$(BIN)/holdgate schemas check

# After a change of a phrase: template, catalogues and docs/reasons.md; tells what is still to translate.
texts: $(READY)
	@$(BIN)/python -m services.gatekeeper.texts.upkeep

mutants: $(READY)
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: $(READY)
	@$(BIN)/python -m tests.bench $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
