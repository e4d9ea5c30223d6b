# make demo   set up and run the main job on text made on the spot
# make test   set up and run all tests;  make test-fast leaves the slow ones out
# make lint   style, types and spelling
# make docs   the documentation as a site in site/
# make prism  Beam's portable runner, for the tests of other engines (takes Go)
# make bench  benchmarks against peers and limits; results as JSON in benchmarks/results
PYTHON ?= python3
BIN := .venv/bin

BEAM := $(shell sed -n 's/^apache-beam==//p' constraints.txt)

.PHONY: demo test test-fast lint format docs prism bench clean

.venv/installed: setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

.venv/installed-prism: .cache/prism

.cache/prism: constraints.txt
	GOBIN=$(CURDIR)/.cache go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$(BEAM)
	touch $@

bench: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

demo: .venv/installed
	$(BIN)/wellspring demo --output=demo-run

test: .venv/installed-test
	$(BIN)/pytest -n 2 --dist=loadfile

test-fast: .venv/installed-test
	$(BIN)/pytest -n 2 --dist=loadfile -m 'not slow'

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

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
