# Everything is installed on demand: Python 3.11 or newer, git and make are enough.
#
#   make demo    the main job, end to end, on the demo's files
#   make test    lint, types, arrows between the packages, all tests

PYTHON ?= python3
UV_VERSION := 0.13.9

TOOLS := .tools
UV := $(TOOLS)/bin/uv
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Both environments are this checkout's own, whatever else is active.
unexport VIRTUAL_ENV
unexport PYTHONPATH
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_COMPILE_BYTECODE := 1
# The certificates that the system trusts: networks with a proxy of their own work too.
export UV_SYSTEM_CERTS := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test lint types arrows pytest format bench clean

help:
	@sed -n 's/^#   //p' Makefile

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --python $(TOOLS)/bin/python
	@touch $@

# A link by which the folders at the root are the package `casparian` to the type checker.
.types/casparian:
	@mkdir -p .types && ln -sfn .. $@

demo: $(READY)
	@CASPARIAN="$(CURDIR)/$(BIN)/casparian" sh demo/demo.sh

test: lint types arrows pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) .types/casparian
	MYPYPATH=.types $(BIN)/mypy -p casparian.app -p casparian.core -p casparian.shim

arrows: $(READY)
	$(BIN)/lint-imports

pytest: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(UV) sync --frozen --quiet --group bench --python $(TOOLS)/bin/python
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(TOOLS) .types .mypy_cache .ruff_cache .pytest_cache .hypothesis
