# The two commands: `make study` and `make test`. The rest helps those who work on the code.
PYTHON ?= python3
SWEEP ?= asymmetry
SEEDS ?= 1
BIN := .venv/bin

.PHONY: study test check install format

study: install
	$(BIN)/frontload -m sweep=$(SWEEP) 'seed=range(0,$(SEEDS))'

test: install
	$(BIN)/pytest -n 2 tests

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: .venv/installed

# constraints.txt pins what was resolved and tried together; pyproject says what would do.
.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@
