# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test install lint types unit integration bench clean

demo: $(VENV)/installed
	$(BIN)/stcstudio demo --output demo-output

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

install: $(VENV)/installed

lint: $(VENV)/installed-test
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(VENV)/installed-test
	$(BIN)/mypy && $(BIN)/lint-imports

unit integration: $(VENV)/installed-test
	$(BIN)/python -m pytest tests/$@

bench: $(VENV)/installed
	$(BIN)/python benchmarks/lifting.py
	$(BIN)/python benchmarks/pipeline.py

clean:
	rm -rf $(VENV) demo-output *.egg-info build

# torch comes first: a plain request for it elsewhere would fetch the newest build and its CUDA libraries.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 12) else "STCFormer Studio needs Python 3.10, 3.11 or 3.12, and %s is %d.%d: run make with PYTHON=/path/to/python3.11" % (sys.executable, *v))'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(INSTALL) -e '.[test]'
	@touch $@
