# Everything that people and machines do with this repository. `make` alone lists it.
# Needs Python 3.11 or newer and a package registry; PYTHON=/path/to/python3 chooses one.
.DEFAULT_GOAL := help
.PHONY: help setup run demo test check audit bench lock fmt clean
BIN := .venv/bin
SETUP := @sh scripts/with_python.sh scripts/setup_environment.py
# Each Dagster run is a process of its own: without bytecode it would compile all of LogSight anew, seconds a run, where
# PYTHONDONTWRITEBYTECODE is set.
COMPILE := @$(BIN)/python -m compileall -q logsight_assets resources sensors
# Tests run in a random order that a seed repeats: make test SEED=7
SEED ?= 1
# More for pytest or the bench: make test ARGS="tests/serve -k guard", make bench ARGS=--quick
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## build the environment in .venv from the lock; done in a moment when it is there
	$(SETUP)
	$(COMPILE)

run: ## load the sample logs into ./demo-lake, materialise them and serve the result until Ctrl-C
	$(SETUP) --before-run
	$(COMPILE)
	@exec $(BIN)/logsight run

demo: setup ## the same job as run, without serving
	@$(BIN)/logsight demo

test: setup ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -p no:cacheprovider --randomly-seed=$(SEED) $(ARGS) \
		|| { code=$$?; [ $$code -ne 5 ] || echo "No test ran: that is a failure." >&2; exit $$code; }

check: setup ## format, lint, types, import contracts, lock files, generated docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/locks.py check
	@$(BIN)/python scripts/generate_docs.py --check
	@$(BIN)/python scripts/draw_lineage.py --check

audit: setup ## bill of materials in build/, and advisories about locked packages
	@$(BIN)/python scripts/audit.py

bench: setup ## measure speed and memory
	@$(BIN)/python -m bench $(ARGS)

lock: setup ## make requirements/ anew from pyproject.toml; then make setup
	@$(BIN)/python scripts/locks.py write

fmt: setup ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove everything that the other targets made, the demo lake too
	rm -rf .venv .setup.lock build dist demo-lake .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
