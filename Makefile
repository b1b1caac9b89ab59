# Bridgehead: everything one does with a clone. Only make and a Python from 3.11 on are needed.

.DEFAULT_GOAL := help
.PHONY: help run demo test check coverage format docs chaos bench lock clean
MAKEFLAGS += --no-print-directory

ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
SOURCES := bridge channels agents storage tests benchmarks

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: $(VENV)/.run ## start the bridge (ARGS="--port 9000")
	@$(BIN)/bridge run $(ARGS)

demo: $(VENV)/.run ## one session in four chat apps, without any account
	@$(BIN)/bridge demo $(ARGS)

test: $(VENV)/.dev ## run every test (ARGS="-k chat")
	$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# They start Python hundreds of times: each start would compile every library anew.
test coverage chaos: export PYTHONDONTWRITEBYTECODE :=

check: $(VENV)/.dev ## everything that has to be green: format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

coverage: $(VENV)/.dev ## measure how much of each pure module its own tests run; less than 95 % fails
	$(BIN)/python -m tests.coverage_gate

format: $(VENV)/.dev ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## build the documentation as a site to search, in build/site; a dead link fails
	$(BIN)/zensical build --strict --clean

chaos: $(VENV)/.dev ## kill a bridge again and again, and count what is lost (ARGS="--seconds 3600")
	$(BIN)/python -m tests.chaos $(ARGS)

bench: $(VENV)/.dev ## measure the figures of docs/benchmarks.md
	$(BIN)/python -m benchmarks $(ARGS)

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra all pyproject.toml

lock: ## pin the newest dependencies that fit (needs uv)
	$(LOCK) --upgrade --group build --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean: ## remove what was installed and cached
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build .cache

# The stamps say which pins and which entry points are installed; a change of either installs anew.

$(VENV)/.run: requirements.lock pyproject.toml
	@LOCK=requirements.lock $(INSTALL)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@LOCK=requirements-dev.lock $(INSTALL)
	@touch $@ $(VENV)/.run

INSTALL = VENV=$(VENV) UV=$(UV) PYTHON=$(PYTHON) sh tools/install.sh
