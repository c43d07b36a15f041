# One command each; all of them may be repeated. PYTHON names the Python to start from (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: serve test check format bench harmless soak clean

serve: $(VENV)/.serves
	$(BIN)/feedserver serve

test: $(VENV)/.develops
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.develops
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Measures what docs/harmless.md promises, and writes it; minutes.
harmless: $(VENV)/.develops
	$(BIN)/python -m tests.hostile.report docs/harmless.md

# Measures feedserver beside its rivals, and writes docs/performance.md and .json; six minutes, needs wrk.
bench: $(VENV)/.develops
	$(BIN)/python -m bench docs

# The long forms of the tests under kills, load and hostile input; minutes, on loopback only.
soak: $(VENV)/.develops
	TESTS_LONG=1 $(BIN)/python -m pytest tests/hostile --timeout 900

format: $(VENV)/.develops
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "feedserver needs Python 3.11 or newer; try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serves: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.develops: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,postgres]'
	@touch $@ $(VENV)/.serves
