PYTHON ?= python
CONFIG ?= training/configs/default.toml

.DEFAULT_GOAL := help
.PHONY: help install test lint format types wheel base train evaluate bench clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

install: ## Install the library, editable, for development
	$(PYTHON) -m pip install -c constraints.txt -e ".[train,dev]"

test: ## Run the tests
	$(PYTHON) -m pytest

lint: ## Check style
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

format: ## Format, and mend what can be mended
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

types: ## Check types
	$(PYTHON) -m mypy

wheel: ## Build the wheel into dist/
	$(PYTHON) -m build --wheel

base: ## Build the offline base encoder into artifacts/base
	$(PYTHON) training/build_base.py --output artifacts/base

train: ## Train a model (CONFIG=training/configs/default.toml)
	$(PYTHON) training/train.py $(CONFIG)

evaluate: ## Score the shipped model and the baselines
	$(PYTHON) training/evaluate.py

bench: ## Measure how well sentence boundaries are found
	$(PYTHON) benchmarks/boundaries.py

clean: ## Remove what builds and tools leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find conflict_nlp tests training -name __pycache__ -type d -prune -exec rm -rf {} +
