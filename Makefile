# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The window's tests need a display; where there is none, Xvfb is one, if it is installed. Without it they are skipped.
DISPLAYED := $(if $(DISPLAY)$(WAYLAND_DISPLAY),,$(if $(shell command -v xvfb-run 2>/dev/null),xvfb-run -a -s "-screen 0 1600x1000x24"))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test install lint types unit integration gui bench clean

demo: $(VENV)/installed
	$(BIN)/stcstudio demo --output demo-output

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(DISPLAYED) $(BIN)/python -m pytest

install: $(VENV)/installed

lint: $(VENV)/installed-test
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(VENV)/installed-test
	$(BIN)/mypy && $(BIN)/lint-imports

unit integration: $(VENV)/installed-test
	$(BIN)/python -m pytest tests/$@

gui: $(VENV)/installed-test
	$(DISPLAYED) $(BIN)/python -m pytest tests/gui

bench: $(VENV)/installed
	$(BIN)/python benchmarks/lifting.py
	$(BIN)/python benchmarks/pipeline.py
	$(DISPLAYED) $(BIN)/python benchmarks/gui.py

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
