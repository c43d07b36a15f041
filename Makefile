# One command each, all of them repeatable. PYTHON names the Python to start from (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LOWEST = $(VENV)/lowest
# A server of S3 for tests, in an environment of its own: it wants an older python-dateutil.
MOTO = $(VENV)/moto
MOTO_VERSION = 5.2.5
# Tests wait as often as they work; a process that has run out of them takes over some of another's.
PROCESSES ?= $(shell expr 2 \* $$(nproc))
PYTEST = -m pytest -n $(PROCESSES) --dist worksteal
# In memory, where there is room: tests make thousands of databases that nobody keeps.
SCRATCH = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "TMPDIR=/dev/shm"}')
# The tests that start no servers, on SQLite alone.
UNIT = tests --ignore=tests/flows --ignore=tests/hostile --ignore=tests/cli/test_process.py -k "not postgresql and not replica"

# Prints the steps of pip as they come (Debian's awk waits for more), each once: it tells when one starts and ends.
STEPS = while IFS= read -r line; do line=$${line%% (from*}; line=$${line%%:*}; [ "$$line" = "$$last" ] || case $$line in \
	*Collecting*|*Building*|*Installing*|*Preparing*) echo "  $$line";; esac; last=$$line; done

# Tests and measurements start hundreds of processes, each of which would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve wheel test test-lowest check lint format bench harmless soak readers clean

# PORT=8001: another port than 8000.
serve: $(VENV)/.serves
	@$(BIN)/feedserver serve $(if $(PORT),--bind 127.0.0.1:$(PORT))

# What is installed elsewhere: one file in dist/.
wheel: SHELL = bash
wheel: $(BIN)/python
	@rm -f dist/*.whl
	@echo "building a wheel"
	@set -o pipefail; $(BIN)/python -u -m pip wheel --no-deps --wheel-dir dist . | $(STEPS)
	@ls dist/*.whl

test: $(VENV)/.develops $(MOTO)/.$(MOTO_VERSION)
	$(SCRATCH) $(BIN)/python $(PYTEST)

# The unit tests with the lowest versions that pyproject.toml allows.
test-lowest: $(LOWEST)/.installed
	$(SCRATCH) $(LOWEST)/bin/python $(PYTEST) $(UNIT)

lint: $(VENV)/.develops
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# What to run after each change: style, types, and the unit tests with what they cover.
check: lint
	$(SCRATCH) $(BIN)/python $(PYTEST) -q $(UNIT) --cov --cov-report=
	@echo "covered by unit tests: $$($(BIN)/coverage report --format=total) % of feedserver/"

# Measures the bounds of docs/harmless.md and writes them down; minutes.
harmless: $(VENV)/.develops
	$(BIN)/python -m tests.hostile.report docs/harmless.md

# Measures feedserver beside its rivals, and writes docs/performance.md and .json; six minutes, needs wrk.
bench: $(VENV)/.develops
	$(BIN)/python -m bench docs

# The long forms of the tests with kills, load and hostile input; minutes, on loopback only.
soak: $(VENV)/.develops
	TESTS_LONG=1 $(BIN)/python -m pytest tests/hostile --timeout 900

# Feed readers from PyPI and npm read what authors wrote, beside those that `make test` knows, and an app writes; needs npm.
readers: $(VENV)/.develops
	$(PYTHON) -m venv $(VENV)/readers
	$(VENV)/readers/bin/pip install --quiet rss2email==3.14
	npm install --silent --prefix $(VENV)/readers/npm feedsmith@3.0.1 rss-parser@3.13.0 micropub-helper@1.6.2
	TESTS_READERS=$(VENV)/readers $(BIN)/python -m pytest tests/flows/test_written_and_read.py tests/flows/test_micropub_client.py

format: $(VENV)/.develops
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "feedserver needs Python 3.11 or newer; try: make PYTHON=python3.12" >&2; exit 1; }
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.serves $(VENV)/.develops: SHELL = bash
$(VENV)/.serves: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing feedserver and what it needs into $(VENV)"
	@set -o pipefail; $(BIN)/python -u -m pip install --constraint constraints.txt --editable . | $(STEPS)
	@touch $@

$(VENV)/.develops: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing feedserver, and what its tests need, into $(VENV)"
	@set -o pipefail; $(BIN)/python -u -m pip install --constraint constraints.txt --editable '.[dev,postgres,s3]' | $(STEPS)
	@touch $@ $(VENV)/.serves

$(LOWEST)/.installed: pyproject.toml $(VENV)/.develops
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable '.[dev,postgres,s3]'
	@touch $@

$(MOTO)/.$(MOTO_VERSION): | $(VENV)/.develops
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(MOTO)
	$(BIN)/uv pip install --quiet --python $(MOTO) 'moto[s3]==$(MOTO_VERSION)' flask flask-cors
	@touch $@
