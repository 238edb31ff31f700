# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The window's tests need a display; where there is none, Xvfb is one, if it is installed. Without it they are skipped.
DISPLAYED := $(if $(DISPLAY)$(WAYLAND_DISPLAY),,$(if $(shell command -v xvfb-run 2>/dev/null),xvfb-run -a -s "-screen 0 1600x1000x24"))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test install lint types unit integration gui bench clean mmpose

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
	$(BIN)/python benchmarks/detector_speed.py
	$(DISPLAYED) $(BIN)/python benchmarks/gui.py

# MMPose and MMDetection beside everything else: nothing installed changes, nothing is compiled (docs/mmpose.md).
# MMCV=compiled builds mmcv's own operations (a C++ compiler, 15 minutes); MMCV=FILE.whl takes ones built elsewhere.
MMCV ?= lite
MMCV_VERSION := 2.1.0

mmpose: $(VENV)/installed
	$(INSTALL) --no-deps --only-binary :all: -r detectors/mmlab/requirements.txt
ifeq ($(MMCV),lite)
	@$(BIN)/python -m pip uninstall --quiet --yes mmcv 2>/dev/null
	$(INSTALL) --no-deps --only-binary :all: mmcv-lite==$(MMCV_VERSION)
else
ifeq ($(MMCV),compiled)
	$(INSTALL) --only-binary :all: ninja wheel
	MMCV_WITH_OPS=1 $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-binary mmcv -w $(VENV)/mmcv mmcv==$(MMCV_VERSION)
endif
	@$(BIN)/python -m pip uninstall --quiet --yes mmcv-lite 2>/dev/null
	$(INSTALL) --no-deps --force-reinstall $(if $(filter compiled,$(MMCV)),$(VENV)/mmcv/mmcv-$(MMCV_VERSION)-*.whl,$(MMCV))
endif
	@$(BIN)/python -c 'from detectors.mmlab import libraries; libraries.import_mmpose(); print(libraries.versions())'

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
