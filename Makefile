# One verb each, the same here and in CI.
#   make run                       everything from nothing, then http://127.0.0.1:8000
#   make run ROADS=file.osm.pbf    the same with the streets of that file
SHELL := /bin/sh
.DEFAULT_GOAL := help
GEO_SERVICE := .venv/bin/geo-service
PY := .venv/bin

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: setup
setup: ## system packages, Python packages, browser assets (skipped where present)
	@.lock/system.sh
	@.lock/python.sh
	@.lock/browser.sh

.PHONY: setup-tests
setup-tests:
	@.lock/system.sh tests
	@.lock/python.sh
	@.lock/python.sh tests
	@.lock/browser.sh
	@.lock/node_package.sh tests/identity/provider 'the OpenID provider'
	@.lock/node_package.sh tests/clients/openlayers 'the map library'

.PHONY: run
run: setup ## set up what is missing, fill the demo towns, serve; ROADS=file imports streets first
	@ROADS='$(ROADS)' exec .lock/run.sh

.PHONY: test
test: setup-tests ## everything the tests need, then all tests; PYTEST='-k word' narrows
	@$(PY)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

.PHONY: lint
lint: setup-tests ## ruff, mypy --strict, import contracts, sql lint
	$(PY)/ruff check .
	$(PY)/ruff format --check .
	$(PY)/mypy
	$(PY)/lint-imports --no-cache
	$(PY)/python .ci/lint_sql.py

.PHONY: bench
bench: setup-tests ## side-by-side benchmarks, a table of ratios
	@exec $(PY)/python -m tests.benchmarks

.PHONY: conformance
conformance: setup-tests ## the official OGC suite against a demo (or our port of it), QGIS as a client, veraPDF on our papers
	@.lock/system.sh qgis || echo "Going on without QGIS."
	@exec $(PY)/python -m tests.conformance

.PHONY: soak
soak: setup-tests ## the long fault and load runs, one table; SOAK='crashes=10' runs one part
	@$(PY)/python -m tests.soak $(SOAK)
	@FUZZ_EFFORT=20 $(PY)/pytest tests/fuzz  # requests made up from the interface descriptions, other ones each time

.PHONY: mutate
mutate: setup-tests ## each condition of the rules and their frame taken out in turn, and whether a test notices; PIECE='footway_width level' runs some
	@exec $(PY)/python -m tests.mutation $(PIECE)

.PHONY: lock
lock: ## renew the locked lists after a change of pyproject.toml or .lock/browser/package.json
	@.lock/renew.sh

.PHONY: screenshots
screenshots: setup-tests ## the pictures of README.md, taken from a throw-away demo
	$(PY)/python -m tests.browser.screenshots
