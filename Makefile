# Only wraps plain commands; the README shows them too.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint bench interop vectors clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: $(STAMP)  ## the main job end to end, into build/demo/
	$(BIN)/python -m demo

test: $(STAMP)  ## the whole test suite
	$(BIN)/python -m pytest

lint: $(STAMP)  ## style, types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## ratios against naive PyLD, into build/bench.json
	$(BIN)/python -m benchmarks

interop: $(STAMP)  ## badges from build/demo/ in verifiers written in JavaScript by others (needs node and npm)
	tests/interop/run

clean:
	rm -rf build $(VENV)
