# make demo   set up and run the main job on text made on the spot
# make test   set up and run all tests;  make test-fast leaves the slow ones out
# make test-bits   the tests of equal bits again, as older processors calculate
# make lint   style, types and spelling
# make docs   the documentation as a site in site/
# make prism  Beam's portable runner, for the tests of other engines (takes Go)
# make bench  benchmarks against peers and limits; results as JSON in benchmarks/results
PYTHON ?= python3
BIN := .venv/bin

BEAM := $(shell sed -n 's/^apache-beam==//p' constraints.txt)

.PHONY: demo test test-fast test-bits lint format docs prism bench clean

.venv/installed: setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

.venv/installed-bench: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

demo: .venv/installed
	$(BIN)/wellspring demo --output=demo-run

test: .venv/installed-test
	$(BIN)/pytest -n 2 --dist=loadfile

test-fast: .venv/installed-test
	$(BIN)/pytest -n 2 --dist=loadfile -m 'not slow'

# A matrix product's last bits differ between instruction sets; what has to be equal has to be on each of them.
BITS := tests/signals/lm/test_scorer.py tests/signals/lm/test_language_model_signals.py tests/transforms/curate/test_score.py \
	tests/pipelines/test_curate_determinism.py

test-bits: .venv/installed-test
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 OMP_NUM_THREADS=2 $(BIN)/pytest -n 2 --dist=loadfile -k 'not million' $(BITS)
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist=loadfile -k 'not million' $(BITS)

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell -D - -D .ci/words.txt  # the second holds words that this project doesn't write

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

prism: .cache/prism

.cache/prism: constraints.txt
	GOBIN=$(CURDIR)/.cache go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$(BEAM)
	touch $@

docs: .venv/installed-test
	$(BIN)/python -m docs.generator
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: .venv/installed-bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .cache demo-run build site *.egg-info
