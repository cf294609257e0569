# Everything a developer types. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --require-virtualenv
export FLASK_APP := wsgi
# Some containers set it. Each process that `make` starts would compile the shop again.
unexport PYTHONDONTWRITEBYTECODE

# An IPv6 address stands in brackets before its port: make run HOST=::1
BARE := $(subst ],,$(subst [,,$(HOST)))
ADDRESS := $(if $(findstring :,$(BARE)),[$(BARE)],$(BARE)):$(PORT)

.PHONY: FORCE help run test quick test-long lesson mutations check static bench pictures soak fast wheels vendored texts lint format types contracts templates spelling security secrets audit requirements clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/installed ## set up what is missing and serve the shop on http://127.0.0.1:8000 (HOST, PORT)
	@$(BIN)/flask setup --bind "$(ADDRESS)"
	@echo "The shop opens at http://$(ADDRESS) – Ctrl-C closes it."
	@exec $(BIN)/gunicorn --config deploy/gunicorn.conf.py --bind "$(ADDRESS)" --workers $(WORKERS) wsgi:app

PYTEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadscope --no-loadscope-reorder $(ARGS)

test: .venv/installed-dev ## the test suite, in a process for each core and two more; ARGS="-k cache" passes arguments to pytest
	@$(PYTEST)

quick: .venv/installed-dev ## the tests of the inner loop, in under 90 seconds: nothing slow, no browser, no PostgreSQL
	@$(PYTEST) --quick

test-long: .venv/installed-dev ## what `make test` shortens: many more examples and repetitions, every test on PostgreSQL
	@$(PYTEST) --long

lesson: .venv/installed-dev ## docs/lesson.md as tests: faults of naive caches, limits, sessions, streams (IN=ja: in Japanese)
	@$(BIN)/python -m tests.lesson $(IN)

mutations: .venv/installed-dev ## break security mechanisms one at a time: does a test notice? ARGS="session --resume" (an hour at most)
	@$(BIN)/python -m tests.mutations $(ARGS)

check: static test ## what CI runs: lint, format, types, contracts, templates, spelling, security, tests

static: lint types contracts templates spelling security secrets ## every check except the tests

lint: .venv/installed-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: .venv/installed-dev ## rewrite the code in the house's format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: .venv/installed-dev
	@$(BIN)/mypy

contracts: .venv/installed-dev
	@$(BIN)/lint-imports

templates: .venv/installed-dev
	@$(BIN)/djlint --quiet --lint templates

spelling: .venv/installed-dev
	@$(BIN)/codespell storefront templates static/js static/css tests benchmarks docs deploy *.md

security: .venv/installed-dev
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml storefront wsgi.py

# Key words are left to ruff (S105 to S107); examples and tests spell their passwords out.
FILES ?= $(shell git ls-files 2>/dev/null | grep -vE '^requirements|\.(svg|webp|png|mo)$$')
secrets: .venv/installed-dev
	@$(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector \
		--exclude-lines '(user|shop|u|sentinel):(password|secret|s3cret|p)@|ALPHABET = ' $(FILES)

PINNED ?= requirements.txt
audit: .venv/installed-dev ## ask for known weaknesses of the pinned packages (needs PyPI; red if one cannot be looked up)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement $(PINNED)

bench: .venv/installed-bench ## the benchmark table (needs wrk: apt-get install wrk)
	@$(BIN)/python -m benchmarks

pictures: .venv/installed-bench ## draw the demo's pictures again, into storefront/demo/pictures (developers)
	@$(BIN)/python -m benchmarks.pictures

soak: .venv/installed-dev ## a mixed load for half an hour (MINUTES): does memory stay flat, does anything fail
	@$(BIN)/python -m benchmarks.soak

fast: .venv/installed ## compile gunicorn's parser in C into .venv (needs a C compiler and Python's headers)
	@$(PIP) install --quiet --require-hashes -r requirements-fast.txt || { \
		echo "The parser cannot be compiled here; the shop works without it. On Debian: apt-get install gcc python3-dev"; exit 1; }

wheels: .venv/installed-dev ## ask PyPI whether every runtime package has wheels for Linux and macOS, x86-64 and ARM
	@$(BIN)/python -m tests.wheels

vendored: .venv/installed-dev ## fetch the libraries of the pages again from npm, each by its digest (developers)
	@$(BIN)/python -m tests.vendored

texts: .venv/installed-dev ## put new texts into the translations, drop those that have gone, compile them (developers)
	@$(BIN)/python -m tests.translations

requirements: .venv/installed-dev ## compile pyproject.toml into requirements*.txt with exact versions and hashes
	@$(BIN)/pip-compile -q $(UPGRADE) $(COMPILE) -o requirements.txt pyproject.toml
	@$(BIN)/pip-compile -q $(UPGRADE) $(COMPILE) --extra dev --extra tracing -c requirements.txt -o requirements-dev.txt pyproject.toml
	@$(BIN)/pip-compile -q $(UPGRADE) $(COMPILE) --extra bench -c requirements-dev.txt -o requirements-bench.txt pyproject.toml
	@$(BIN)/pip-compile -q $(UPGRADE) $(COMPILE) --extra tracing -c requirements.txt -o requirements-tracing.txt pyproject.toml
	@$(BIN)/pip-compile -q $(UPGRADE) $(COMPILE) --extra fast -c requirements.txt -o requirements-fast.txt pyproject.toml
	@$(BIN)/python -m tests.older_pins requirements.txt requirements-dev.txt requirements-bench.txt requirements-tracing.txt requirements-fast.txt

COMPILE := --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## remove the virtual environment and caches (the shop's data in instance/ stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# `python -m venv`, but without its traceback at Ctrl-C.
MAKE_VENV := import runpy, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); runpy.run_module('venv', run_name='__main__')
# The virtual environment, created again when Python is not 3.11 or newer or the pinned versions change.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Storefront needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making the virtual environment in .venv …"
	@$(PYTHON) -c "$(MAKE_VENV)" .venv || { echo "Python cannot make virtual environments here. On Debian and Ubuntu: apt-get install python3-venv"; rm -rf .venv; exit 1; }

# A list of packages is installed when it differs from the one that was installed last, of which a copy is kept: the
# dates of a checkout say nothing.
.venv/installed: FORCE | .venv/bin/python
	@cmp -s requirements.txt $@ || { \
		echo "Installing the packages of requirements.txt, which takes a minute or two …" && \
		$(PIP) install --quiet --require-hashes -r requirements.txt && cp requirements.txt $@; }

.venv/installed-dev: FORCE | .venv/installed
	@cmp -s requirements-dev.txt $@ || { \
		echo "Installing the test tools of requirements-dev.txt, which takes a minute or two …" && \
		$(PIP) install --quiet --require-hashes -r requirements-dev.txt && cp requirements-dev.txt $@; }

.venv/installed-bench: FORCE | .venv/installed-dev
	@cmp -s requirements-bench.txt $@ || { \
		echo "Installing the peers of requirements-bench.txt …" && \
		$(PIP) install --quiet --require-hashes -r requirements-bench.txt && cp requirements-bench.txt $@; }
