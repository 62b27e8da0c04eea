PYTHON ?= python
CONFIG ?= training/configs/default.toml

.DEFAULT_GOAL := help
.PHONY: help install test lint format types wheel base model train evaluate bench clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

install: ## Install the library, editable, for development
	$(PYTHON) -m pip install -c constraints.txt -e ".[files,train,tune,label,report,ray,dev]"

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

# Earlier releases, out of the history: teachers, and the third the one to start from.
RELEASES = 91ea622 84290dd 52901e2

artifacts/%/models/default:
	mkdir -p artifacts/$* && git archive $* models/default | tar -x -C artifacts/$*

artifacts/pseudo4.jsonl: | $(RELEASES:%=artifacts/%/models/default)
	$(PYTHON) training/pseudo_label.py $(RELEASES:%=--teacher artifacts/%/models/default) \
	  --rows 12000 --seed 31 --output $@

artifacts/augmented.jsonl:
	$(PYTHON) training/augment.py --output $@

model: artifacts/pseudo4.jsonl artifacts/augmented.jsonl ## Train the shipped model anew, up to its checkpoint
	conflict-nlp train training/configs/default.toml
	$(PYTHON) training/average.py artifacts/release4 artifacts/91ea622/models/default \
	  --output artifacts/release4_mean --dev ../shared/data/labels/dev.jsonl

train: ## Train a model (CONFIG=training/configs/default.toml)
	conflict-nlp train $(CONFIG)

evaluate: ## Score the shipped model and the baselines
	$(PYTHON) training/evaluate.py

bench: ## Measure how well sentence boundaries are found
	$(PYTHON) benchmarks/boundaries.py

clean: ## Remove what builds and tools leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find conflict_nlp tests training -name __pycache__ -type d -prune -exec rm -rf {} +
