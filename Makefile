PYTHON ?= python
CONFIG ?= training/configs/default.toml

.DEFAULT_GOAL := help
.PHONY: help install test lint format types wheel base model train evaluate bench clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

install: ## Install the library, editable, for development
	$(PYTHON) -m pip install -c constraints.txt -e ".[files,train,tune,label,report,ray,dev]"

test: ## Run the tests
	$(PYTHON) -m pytest -n auto --dist loadfile

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

# Releases 6, 5.1 and 4, out of the history: the teachers; release 7 goes on from the first one.
TEACHERS = 31c062f ba0d559 9a479f2
START = artifacts/$(firstword $(TEACHERS))/models/default
TAUGHT_BY = $(TEACHERS:%=artifacts/%/models/default)

artifacts/%/models/default:
	mkdir -p artifacts/$* && git archive $* models/default | tar -x -C artifacts/$*

# A pattern, since make then knows that one run writes both.
artifacts/same_answer7%jsonl artifacts/same_answer_once7%jsonl: | $(TAUGHT_BY)
	$(PYTHON) training/same_answer.py $(TAUGHT_BY:%=--teacher %) --sentences 5000 --actors 3 \
	  --seed 43 --written 2 1 \
	  --output artifacts/same_answer7.jsonl artifacts/same_answer_once7.jsonl

artifacts/pseudo7.jsonl: | $(TAUGHT_BY)
	$(PYTHON) training/pseudo_label.py $(TAUGHT_BY:%=--teacher %) --rows 8000 --seed 43 \
	  --output $@

artifacts/augmented7.jsonl:
	$(PYTHON) training/augment.py --seed 43 --output $@

artifacts/dirty7.jsonl:
	$(PYTHON) training/augment.py --swapped 0 --seed 43 --output $@

artifacts/arabicstancex.jsonl:
	$(PYTHON) training/stance_benchmarks.py --name arabicstancex --rows 3000 --output $@

MADE = same_answer7.jsonl same_answer_once7.jsonl pseudo7.jsonl augmented7.jsonl dirty7.jsonl \
  arabicstancex.jsonl

model: $(MADE:%=artifacts/%) ## Train release 7 and export it into artifacts/exported7
	conflict-nlp train training/configs/default.toml
	conflict-nlp train training/configs/unnamed.toml
	$(PYTHON) training/average.py artifacts/release7 artifacts/release7 \
	  artifacts/release7_unnamed $(START) $(START) \
	  --output artifacts/release7_mean --dev ../shared/data/labels/dev.jsonl
	conflict-nlp export artifacts/release7_mean -o artifacts/exported7

train: ## Train a model (CONFIG=training/configs/default.toml)
	conflict-nlp train $(CONFIG)

evaluate: ## Score the shipped model and the baselines
	$(PYTHON) training/evaluate.py

bench: ## Measure how well sentence boundaries are found
	$(PYTHON) benchmarks/boundaries.py

clean: ## Remove what builds and tools leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find conflict_nlp tests training -name __pycache__ -type d -prune -exec rm -rf {} +
