# Only wraps plain commands; the README shows them too.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint serve bench mismatches curves endurance kill-run load guards fuzz fuzz-template interop clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: $(STAMP)  ## the main job end to end, into build/demo/
	$(BIN)/python -m demo

test: $(STAMP)  ## the whole test suite; the browser tests need Debian's Chromium
	@command -v chromium >/dev/null || .ci/debian chromium || { \
		echo "LEFT OUT: the browser tests, for there is no Chromium" >&2; [ -z "$$CI" ]; }
	$(BIN)/python -m pytest -n auto --dist loadfile

serve: $(STAMP)  ## both services over the demonstration, on this machine (ISSUER_PORT, VERIFIER_PORT)
	$(BIN)/python -m demo.serve

lint: $(STAMP)  ## style, types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## every figure in one run, peers taking turns, into build/bench.json (QUICK=1: under 90 s)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

mismatches: $(STAMP)  ## badges made by the template, canonicalised again by PyLD and pyoxigraph (LEARNERS=10000)
	$(BIN)/python -m benchmarks.mismatches --learners $(or $(LEARNERS),10000)

curves: $(STAMP)  ## time and memory a badge from 1,000 rows up; goes on where it stopped (UP_TO=1000000)
	$(BIN)/python -m benchmarks.curves --up-to $(or $(UP_TO),1000000)

endurance: $(STAMP)  ## one list issued under SIGKILL at random moments, then recounted (ROWS=1000000 KEEP=1)
	$(BIN)/python -m benchmarks.endurance --rows $(or $(ROWS),1000000) $(if $(KEEP),--keep)

kill-run: $(STAMP)  ## two workers on PostgreSQL under SIGKILL every 0.5-2 s, then recounted (ROWS=20000)
	$(BIN)/python -m benchmarks.killrun --rows $(or $(ROWS),20000)

load: $(STAMP)  ## 50 verifications a second against the verifier's service, over the demonstration (MINUTES=2)
	$(BIN)/python -m benchmarks.load --minutes $(or $(MINUTES),2)

guards: $(STAMP)  ## takes every guard of the verifier away in turn; its test must go red
	$(BIN)/python -m tests.verifier.guards

fuzz: $(STAMP)  ## bad inputs made up for as long as wanted, through the verifier's service (MINUTES=10)
	$(BIN)/python -m tests.verifier.fuzz --minutes $(or $(MINUTES),10)

fuzz-template: $(STAMP)  ## made-up learners by template against the reference path, PyLD and pyoxigraph (MINUTES=10)
	$(BIN)/python -m tests.schemas.template_fuzz --minutes $(or $(MINUTES),10)

interop: $(STAMP)  ## badges from build/demo/ in verifiers written in JavaScript by others (needs node and npm)
	tests/interop/run

clean:
	rm -rf build $(VENV)
