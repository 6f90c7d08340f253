# Each command sets the course up first, in .venv, if that is not done yet.
#   PYTHON=…       the Python to use (3.11 or newer)
#   TORCH_INDEX=…  a package index to find torch and torchvision in, such as one of CPU builds
#   PORT=…         for `make lab`

PY = .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help set-up lab test test-fast test-all test-oldest coverage grade bench site release tidy js

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1~/' | awk -F'~' '{printf "%-18s %s\n", $$1, $$2}'

set-up:
	@sh tools/set_up.sh

lab: set-up  ## open the course in JupyterLab
	@$(PY) tools/lab.py $(if $(PORT),--port $(PORT))

test: set-up  ## run the tests: those of each change, in minutes
	@sh tools/browser.sh
	@$(PY) -m pytest -n auto

test-fast: set-up  ## only the quick ones, in a minute
	@$(PY) -m pytest -n auto -m "not slow"

test-all: test test-oldest site  ## all that CI runs: the tests, the lowest versions, the website

test-oldest: set-up  ## every notebook with the lowest versions that pyproject.toml allows
	@$(PY) tools/oldest.py

coverage: set-up  ## run the tests, and show which lines none of them reaches
	@sh tools/browser.sh
	@$(PY) -m pytest -n auto --cov --cov-report=term --cov-report=html
	@echo "line by line: htmlcov/index.html"

grade: set-up  ## grade the bundled sample class
	@$(PY) -m autograder demo

bench: set-up  ## measure, as ratios
	@$(PY) -m benchmarks

site: set-up  ## the course as a website, in site/build
	@$(PY) site/build.py

release: set-up  ## make exercises/ from solutions/
	@$(PY) -m autograder release

tidy: set-up  ## notebooks without outputs, badges with the right address, code in format
	@$(PY) tools/tidy.py
	@$(PY) -m ruff check --fix --quiet
	@$(PY) -m ruff format --quiet

js:  ## the playground's JavaScript: format, lint, types, tests, and the one file that users get (needs npm)
	@cd js && npm ci --silent --no-audit --no-fund && npm run --silent fix && npm run --silent check && npm run --silent build
