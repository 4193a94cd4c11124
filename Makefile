.DEFAULT_GOAL := help
SHELL := /bin/sh
UV := $(shell command -v uv 2>/dev/null || echo .local/uv/bin/uv)
EDITABLE := $(foreach d,$(patsubst %/pyproject.toml,%,$(wildcard contracts/*/pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml infra/local/pyproject.toml tests-e2e/pyproject.toml)),-e $(d))

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed 's/:.*## /\t/' | expand -t 20

setup: .venv/.installed ## Create .venv from the pinned, hash-checked lock file

.local/uv/bin/uv:
	python3 -m pip install --quiet --disable-pip-version-check --target .local/uv uv

.venv/.installed: requirements.lock pyproject.toml $(wildcard */*/pyproject.toml) | $(if $(filter .local/%,$(UV)),$(UV))
	@test -x .venv/bin/python || $(UV) venv --quiet --python python3 .venv
	@$(UV) pip install --quiet --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps $(EDITABLE)
	@touch $@

.PHONY: help setup
