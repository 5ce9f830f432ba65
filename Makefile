# What one does with a checkout. Each target gets itself ready first; nothing else has to be installed.
#   make demo    the exchange with a scenario over the Alps       make test     all tests
#   make check   lint, formatting, types, architecture            make bench    the figures
#   make web     only the map                                     make clean    everything that was built

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export VENV

# Options for the programs: make demo ARGS="--port 9000", make test ARGS="tests/geo -x"
ARGS ?=

.PHONY: demo test check bench web requirements clean runtime dev
.DEFAULT_GOAL := demo

runtime dev:
	@$(PYTHON) bootstrap.py $@

demo: runtime
	@exec $(BIN)/comity demo $(ARGS)

# Files of tests run beside each other; JOBS=0 runs one after the other, as a debugger wants it.
JOBS ?= auto
test: dev
	@$(PYTHON) bootstrap.py map test
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist loadfile $(ARGS)

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTHON) bootstrap.py map check
	$(BIN)/python -m pytest -q tests/rules

# Those that are programs; served.py is what they start.
BENCHES ?= $(filter-out served filled,$(basename $(notdir $(shell grep -ls __main__ bench/*.py))))
bench: dev
	@set -e; for each in $(BENCHES); do echo "== $$each"; $(BIN)/python -m bench.$$each $(ARGS); done

web:
	@rm -f src/comity/http/static/.sources
	@$(PYTHON) bootstrap.py runtime

# Pins everything anew. The files name no registry: whoever installs uses their own.
UV ?= uv
COMPILE := $(UV) pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet
requirements:
	$(COMPILE) pyproject.toml --extra parquet --group dev --group build -o requirements-dev.txt
	$(COMPILE) pyproject.toml -c requirements-dev.txt -o requirements.txt
	$(COMPILE) --group build -c requirements-dev.txt -o requirements-build.txt
	$(COMPILE) --group node -o requirements-node.txt

clean:
	rm -rf $(VENV) build dist var src/comity/http/static web/node_modules web/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
