# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
# Without make, or on Windows: see "Without make" in README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
export PYTHONDONTWRITEBYTECODE = 1

ifdef UV
  INSTALL = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet
  MAKEVENV = $(UV) venv --quiet --python $(PYTHON) $(VENV)
else
  INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
  MAKEVENV = $(PYTHON) -m venv $(VENV)
endif

.PHONY: demo test lint types docs soak bench lock clean ci

demo: $(VENV)/.ready
	@$(BIN)/tanbiao demo

test: $(VENV)/.ready-dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff check src tests tools benchmarks
	@$(BIN)/lint-imports
	@$(BIN)/mypy

docs: $(VENV)/.ready-dev
	@$(BIN)/python tools/build_reference.py

soak: $(VENV)/.ready-dev
	@$(BIN)/python tools/record.py soak

bench: $(VENV)/.ready-bench
	@$(BIN)/python benchmarks/run.py

$(VENV)/.ready: pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(MAKEVENV)
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready requirements-bench.lock
	@$(INSTALL) --require-hashes -r requirements-bench.lock
	@touch $@

# Pins with hashes and without addresses; uv only writes them.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml --group build -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml --group build --group bench -c requirements.lock -o requirements-bench.lock

clean:
	rm -rf $(VENV) tanbiao-demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
