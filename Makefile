# The commands of Filmless: make run, make test. Everything they need is installed by the project itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DATA ?= data

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: docs help setup setup-dev peers viewer run test test-viewer check check-python check-viewer lock clean

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -m venv --help >/dev/null 2>&1 && $(PYTHON) -c 'import ensurepip' 2>/dev/null || tests/peers/install.sh python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.runtime: $(BIN)/uv requirements/runtime.txt requirements/build.txt pyproject.toml
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt -r requirements/build.txt
	@touch $@

# Node from the machine when it is new enough, else from the wheel.
viewer/node_modules/.installed: .venv/.runtime viewer/package-lock.json
	$(BIN)/python viewer/node.py npm ci --no-audit --no-fund
	@touch $@

viewer/dist/index.html: viewer/node_modules/.installed $(shell find viewer/src viewer/public viewer/index.html viewer/vite.config.ts viewer/compressed.ts viewer/package.json -type f 2>/dev/null)
	$(BIN)/python viewer/node.py npm run build
	@touch $@

setup: .venv/.runtime viewer ## Install what the product needs and build the viewer
setup-dev: .venv/.dev viewer
viewer: viewer/dist/index.html ## Build the viewer

run: setup ## Start Filmless with the sample studies in it
	@$(BIN)/python -m compileall -q pacs dicom_nodes storage sample_studies
	@exec $(BIN)/python -m sample_studies.start --data $(DATA)

peers: .venv/.dev ## Install the real DICOM peers, OHIF, PostgreSQL and Chromium for the tests (root or sudo)
	tests/peers/install.sh
	$(BIN)/python -m tests.peers.ohif

check: check-python check-viewer ## Lint, types and the direction of imports

check-python: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-viewer: setup-dev
	$(BIN)/python viewer/node.py npm run check

test-viewer: setup-dev
	$(BIN)/python viewer/node.py npm test

test: setup-dev peers ## Every check and every test, with the real peers
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check test-viewer
	@$(BIN)/python -m compileall -q pacs dicom_nodes storage sample_studies tests
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 20

docs: setup-dev ## Write the reference pages that are made from the code
	$(BIN)/python -m docs.generate

lock: $(BIN)/uv ## Pin the dependencies anew, with hashes
	for name in uv build runtime dev; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Remove what was built, but no data
	rm -rf .venv viewer/node_modules viewer/dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache
