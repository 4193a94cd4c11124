# What each target needs, it sets up itself: Python 3.11 or newer, make and git are enough.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .local/uv/bin/uv)
EDITABLE := $(foreach d,$(patsubst %/pyproject.toml,%,$(wildcard contracts/*/pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml infra/*/pyproject.toml bench/*/pyproject.toml evals/pyproject.toml)),-e $(d))
BIN := .venv/bin
CRIVO := $(BIN)/python -m crivo_local
LAYOUT ?= all
TESTS := $(wildcard */*/tests) tests-e2e/tests evals/tests
# A test that leans on another fails; journeys and upgrades are told in order.
SHUFFLED := --random-order --random-order-bucket=module
POOLED := organization platform-integration workflow-queue
SERVICES := gateway organization platform-integration workflow-queue code-review

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed 's/:.*## /\t/' | expand -t 20

# --- the platform on this machine ---

demo: setup ## Review a sample pull request; or REPO=/path/to/repo RANGE=main..topic; MODEL_URL=… MODEL=… for a real model
	@$(if $(MODEL_URL),CODE_REVIEW_MODEL_URL="$(MODEL_URL)" )$(if $(MODEL),CODE_REVIEW_MODEL_NAME="$(MODEL)" )$(CRIVO) demo $(if $(REPO),--repo "$(REPO)") $(if $(RANGE),--range "$(RANGE)")

up: setup ## Start everything that is not running; LAYOUT=split for a process per role
	@$(CRIVO) --layout $(LAYOUT) up

down: setup ## Stop exactly what was started here
	@$(CRIVO) --layout $(LAYOUT) down

status: setup ## List the processes: state, port, memory
	@$(CRIVO) --layout $(LAYOUT) status

logs: setup ## Follow the logs; PROCESS=workflow-queue for one
	@$(CRIVO) --layout $(LAYOUT) logs $(PROCESS)

# --- checks, as CI runs them ---

check: lint arch contracts types ## What to run before a commit: style, imports, messages, types

test: check installs releases test-all ## Every check and every test

lint: setup ## Style and likely mistakes
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

fmt: setup ## Format code and Markdown, and fix what can be fixed safely
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/python infra/checks/markdown.py --write

types: setup ## Types, strictly: sources and tests in one run of mypy
	@$(BIN)/python infra/checks/type_check.py

contracts: setup ## Messages: nothing published breaks; schemas, samples and docs/events.md agree
	@$(BIN)/python infra/checks/contracts.py

contracts-write: setup ## Write the schemas and docs/events.md, unless that breaks somebody
	@$(BIN)/python infra/checks/contracts.py --write

arch: setup ## Who may import what, budgets, permissions, tenants; the README says what the code says
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python infra/checks/configuration.py
	@$(BIN)/python infra/checks/budgets.py
	@$(BIN)/python infra/checks/permissions.py
	@$(BIN)/python infra/checks/tenants.py
	@$(BIN)/python infra/checks/markdown.py

installs: setup ## Each package declares what it imports; each service installs alone
	@$(BIN)/python infra/checks/installs.py

releases: setup ## releases.toml is true: commits, versions, changelogs
	@$(BIN)/python infra/checks/releases.py

docs: setup ## Write the parts of the README that come from the code
	@$(BIN)/python infra/checks/configuration.py --write

test-unit: setup ## What needs no server
	@$(BIN)/pytest -q -n 2 --dist worksteal $(SHUFFLED) $(wildcard */*/tests/unit)

test-all: setup ## Unit and integration tests, then journeys; coverage per service
	@rm -f .coverage .coverage.*
	@$(BIN)/pytest -q -n 2 --dist worksteal $(SHUFFLED) --cov --cov-report= $(filter-out tests-e2e/tests,$(TESTS)) $(wildcard tests-e2e/tests/simulators)
	@for service in $(subst -,_,$(SERVICES)); do printf '%-22s ' $$service; $(BIN)/coverage report --include="*/$$service/*" --format=total | sed 's/$$/ % covered/'; done
	@$(MAKE) --no-print-directory test-e2e

test-e2e: setup ## Journeys through the running platform, faults included
	@$(BIN)/pytest -q tests-e2e/tests/journeys

test-pooler: setup ## Integration tests of the services, through a PgBouncer in transaction mode
	@CRIVO_TEST_POOLER=1 $(BIN)/pytest -q -n 2 --dist worksteal $(SHUFFLED) $(wildcard $(POOLED:%=services/%/tests/integration))

test-cluster: setup ## Three brokers, and the leader of the queues is killed under load
	@$(BIN)/pytest -q -m cluster libs/messaging/tests/test_cluster.py

test-skew: setup ## Upgrades while reviews run: the last release of each service beside the others
	@$(BIN)/pytest -q tests-e2e/tests/skew

chaos: setup ## 300 webhooks while everything is killed at random; SEED=1 for a known draw
	@PYTHONPATH=tests-e2e/tests $(BIN)/python -m chaos $(if $(SEED),--seed $(SEED)) $(CHAOS)

model: setup ## No job rests for ever: the random model at length, and what it went through
	@$(BIN)/python services/workflow-queue/tests/model_statistics.py $(EXAMPLES)

# --- figures: what it costs, and what that means ---

measure-costs: setup ## What one small pull request costs, by process and by store; for bench/models/measured.toml
	@$(BIN)/python -m crivo_models.measure.costs

measure-burst: setup ## 200 pull requests at once, as it really goes; for bench/models/burst.toml
	@$(BIN)/python -m crivo_models.measure.burst

measure-fairness: setup ## One job behind 1,000 of another organization, on real queues
	@PYTHONPATH=services/workflow-queue/tests $(BIN)/python -m workflow_queue_support.overtaking

simulate-capacity: setup ## docs/capacity.md's tables: plans, and the burst as the model sees it
	@$(BIN)/python -m crivo_models.capacity

simulate-fairness: setup ## docs/fairness.md's tables and its picture
	@$(BIN)/python -m crivo_models.fairness

bench: setup ## Measure against the peers; ROWS=webhook,lifecycle for some; whole, it writes bench/RESULTS.md
	@$(BIN)/python -m crivo_bench $(if $(ROWS),--rows $(ROWS)) $(if $(QUICK),--quick)

evals: setup ## Review pull requests with known answers, and count; ONLY=03-payout-run for some
	@$(BIN)/python -m crivo_evals run $(if $(ONLY),--only $(ONLY))

profile: setup ## Where a row's time goes: flame graphs of its processes in .local/profile; ROWS=webhook
	@$(BIN)/python -m crivo_bench --rows $(or $(ROWS),webhook) --profile $(if $(QUICK),--quick)

# --- set-up ---

setup: .venv/.installed ## Create .venv from the pinned, hash-checked lock file

lock: setup ## Pin every dependency anew
	@PATH="$(dir $(UV)):$$PATH" sh infra/lock.sh

.local/uv/bin/uv:
	@echo "fetching uv"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .local/uv uv

.venv/.installed: requirements.lock pyproject.toml $(wildcard */*/pyproject.toml */pyproject.toml) | $(if $(filter .local/%,$(UV)),$(UV))
	@echo "installing the pinned dependencies into .venv"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps $(EDITABLE)
	@touch $@

.PHONY: help demo up down status logs check test lint fmt types arch contracts contracts-write installs releases docs test-unit test-all test-e2e test-pooler test-cluster test-skew chaos model measure-costs measure-burst measure-fairness simulate-capacity simulate-fairness bench evals profile setup lock
