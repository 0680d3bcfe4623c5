# Every target is complete on a machine that has Python >= 3.11, pip and make:
# the first one that is run makes .venv from requirements.lock.

PYTHON ?= python3
# Processes for the tests that calculate.
JOBS   ?= 2
# Tests that talk to servers: in one process and one order, for libca is one, too.
SERVERS := tests/contract tests/system
# Where threads meet, and the seeds of the sleeps that `make soak` puts between them.
ROOMS_WITH_THREADS := engine session journal data callbacks stepscan epics
SEEDS  ?= 1 2 3 4 5
BIN    := .venv/bin
READY  := .venv/.ready
PIP    := $(BIN)/python -m pip --disable-pip-version-check
UV     := $(BIN)/python -m uv pip
SOURCES := $(wildcard src tests bench examples tools)
# Written by hand; those that tools write have a form of their own.
PAGES   := $(wildcard *.md docs/*.md) $(addprefix docs/,tutorial how-to explanation decisions)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench soak lock clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-6s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## run two scans on a simulated beamline
	$(BIN)/lapwing demo

test: $(READY) ## run the tests; the engine and the documents must be covered
	@# Each part is run whatever the others say: all that fails is to be seen at once.
	@failed=; set -x; \
	$(BIN)/python -m pytest $(SERVERS:%=--ignore=%) -n $(JOBS) --dist loadfile \
	  --cov --cov-report= || failed=1; \
	$(BIN)/python tools/check_coverage.py || failed=1; \
	$(BIN)/python -m pytest $(SERVERS) || failed=1; \
	test -z "$$failed"

check: $(READY) ## check format, lint, types, floors and docs
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/error_reference.py --check
	$(BIN)/python tools/reference.py --check
	$(BIN)/python tools/state_diagram.py --check
	$(BIN)/python tools/check_docs.py
	$(BIN)/mdformat --check $(PAGES)

bench: $(READY) ## run every benchmark
	@set -e; for file in $$(grep -l __main__ bench/*.py); do \
	  echo "== $$file"; $(BIN)/python "$$file"; done

soak: $(READY) ## run the heavy tests, which `make test` leaves out
	$(BIN)/python -m pytest -m soak
	@set -e; for seed in $(SEEDS); do echo "== sleeps at random, $$seed"; \
	  PERTURBED=$$seed PYTHONPATH=tests $(BIN)/python -m pytest -p perturbed \
	    $(ROOMS_WITH_THREADS:%=tests/unit/%); done

lock: $(BIN)/python ## resolve requirements.lock anew from pyproject.toml
	$(PIP) install --quiet uv
	$(UV) compile --quiet --universal --python-version 3.11 --all-extras \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  pyproject.toml -o requirements.lock

clean: ## remove what make made; measured data stays
	rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f .coverage .coverage.* coverage.xml
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Lapwing needs Python 3.11 or newer, and $(PYTHON) is not;" \
	       "name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

# uv is quick, pip is everywhere and knows the machine's own indexes and certificates:
# where uv is not to be had or fails, pip installs the same lock.
$(READY): requirements.lock pyproject.toml | $(BIN)/python
	@if ! { \
	  $(PIP) install --quiet --only-binary :all: uv && \
	  $(UV) sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
	  $(UV) install --quiet --python $(BIN)/python \
	    --no-deps --no-build-isolation --editable .; \
	}; then \
	  echo "uv did not do it; pip takes its place, which takes longer" && \
	  $(PIP) install --quiet --require-hashes --requirement requirements.lock && \
	  $(PIP) install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@
