# make demo   diagnose a recorded download, then show how to record your own
# make test   ruff, mypy and pytest
# make docs   write the pages that are generated from the sources
#
# Each makes the virtual environment it needs. Choose the interpreter with PYTHON=python3.12, and
# more extras for the tests with EXTRAS=test,lab.

PYTHON ?= python3
EXTRAS ?= test
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test docs clean

demo: $(VENV)/installed
	@BIN=$(BIN) sh samples/demo.sh

# pytest comes last: its summary is the last line of the output.
test: $(VENV)/installed-$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q

docs: $(VENV)/installed-$(EXTRAS)
	$(BIN)/python -m tests.rulepages
	$(BIN)/python -m tests.samples
	$(BIN)/python -m tests.factspage
	$(BIN)/python -m tests.apipage

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'badhop needs Python 3.11 or later: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'This Python cannot make virtual environments (Debian, Ubuntu: apt install python3-venv).' >&2; \
	  exit 1; }

# Editable: the sources of this checkout are what runs. Compiled as an installation would compile
# them: where Python is told not to (PYTHONDONTWRITEBYTECODE), each run would take twice as long.
$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q captures analyzers diagnostics
	@touch $@

$(VENV)/installed-$(EXTRAS): setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	$(BIN)/python -m compileall -q captures analyzers diagnostics
	@touch $@ $(VENV)/installed
