# Fengsui (烽燧): `make` or `make help` lists what can be done here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := domain backbone gateway ingest rules alerts units risk dashboards simulators cli tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help demo up test check-format lint types imports tests format bench lock proto screenshots clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.run ## everything on this machine: devices, gateway, alarms, a push, the console (ARGS="--duration 90 --headless --report demo.json")
	@$(BIN)/fengsui demo $(ARGS)

test: check-format lint types imports tests ## format, lint, strict types, import contracts, all tests

check-format: $(VENV)/.dev
	$(BIN)/ruff format --check $(SOURCES)

lint: $(VENV)/.dev
	$(BIN)/ruff check $(SOURCES)

types: $(VENV)/.dev
	$(BIN)/mypy $(SOURCES)

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

tests: $(VENV)/.dev ## the tests alone (ARGS="tests/domain -x")
	$(BIN)/pytest $(ARGS)

format: $(VENV)/.dev ## write the house format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/.dev ## measure the rows of design.md §9 that exist, beside their budgets
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/.dev ## photograph every page of the console in both languages (ARGS="var/screenshots"); needs chromium
	$(BIN)/python -m tests.screens $(ARGS)

lock: $(VENV)/.dev ## resolve the dependencies again (needs a package index)
	$(BIN)/pip-compile $(LOCK_FLAGS) -o requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK_FLAGS) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

LOCK_FLAGS := --quiet --generate-hashes --strip-extras --allow-unsafe --build-deps-for editable \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

proto: $(VENV)/.dev ## generate the Sparkplug classes from our .proto
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. backbone/sparkplug/sparkplug_b.proto

clean: ## remove the environment and everything that runs left behind
	rm -rf $(VENV) var demo.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Fengsui needs Python 3.11 or newer; name one with PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@test -e $(VENV)/.dev || $(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-interop.lock pyproject.toml | $(BIN)/python
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --require-hashes --no-deps -r requirements-interop.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run
