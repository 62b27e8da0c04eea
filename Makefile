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

# Release 5.1, out of the history: what release 6 goes on from, and its teacher.
EARLIER = ba0d559

artifacts/%/models/default:
	mkdir -p artifacts/$* && git archive $* models/default | tar -x -C artifacts/$*

artifacts/narrow: | artifacts/$(EARLIER)/models/default
	$(PYTHON) training/narrow.py artifacts/$(EARLIER)/models/default \
	  --intermediate 896 --output $@

# A pattern, since make then knows that one run writes both.
artifacts/same_answer6%jsonl artifacts/same_answer_once6%jsonl: | artifacts/$(EARLIER)/models/default
	$(PYTHON) training/same_answer.py --teacher artifacts/$(EARLIER)/models/default \
	  --written 2 1 --output artifacts/same_answer6.jsonl artifacts/same_answer_once6.jsonl

artifacts/augmented6.jsonl:
	$(PYTHON) training/augment.py --seed 41 --output $@

artifacts/dirty6.jsonl:
	$(PYTHON) training/augment.py --swapped 0 --seed 41 --output $@

artifacts/arabicstancex.jsonl:
	$(PYTHON) training/stance_benchmarks.py --name arabicstancex --rows 3000 --output $@

MADE = narrow same_answer6.jsonl same_answer_once6.jsonl augmented6.jsonl dirty6.jsonl \
  arabicstancex.jsonl

model: $(MADE:%=artifacts/%) ## Train release 6, up to its checkpoint
	conflict-nlp train training/configs/default.toml
	conflict-nlp train training/configs/unnamed.toml
	$(PYTHON) training/average.py artifacts/release6 artifacts/release6_unnamed artifacts/narrow \
	  --output artifacts/release6_mean --dev ../shared/data/labels/dev.jsonl

train: ## Train a model (CONFIG=training/configs/default.toml)
	conflict-nlp train $(CONFIG)

evaluate: ## Score the shipped model and the baselines
	$(PYTHON) training/evaluate.py

bench: ## Measure how well sentence boundaries are found
	$(PYTHON) benchmarks/boundaries.py

clean: ## Remove what builds and tools leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find conflict_nlp tests training -name __pycache__ -type d -prune -exec rm -rf {} +
