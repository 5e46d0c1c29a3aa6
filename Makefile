# Chat Sonora. `make` prints what there is to make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VAR_DIR ?= var
PYTHON ?= python3
export VAR_DIR
# Compiled modules are kept, whatever the caller's shell says: without them each process compiles all of Rasa anew.
unexport PYTHONDONTWRITEBYTECODE

UV := $(VAR_DIR)/tools/bin/uv
BACKEND := .venv/bin/python
BOT := .venv-bot/bin/python
SEMGREP = SEMGREP_SETTINGS_FILE=$(VAR_DIR)/semgrep.yml SEMGREP_LOG_FILE=$(VAR_DIR)/semgrep.log \
  .venv-semgrep/bin/semgrep scan --metrics=off --disable-version-check

.PHONY: help run demo-channels test chaos bench security model lint style types fmt train models model-rollback lock clean setup conversations nlu-eval

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: setup ## Serve everything (PORT, DATABASE_URL and VAR_DIR are honoured; Ctrl-C stops it all)
	@model="$$($(BOT) -m bot.train --var-dir $(VAR_DIR))" && \
	  exec $(BACKEND) -m backend.run --model "$$model"

demo-channels: setup ## As run, with stand-ins for WhatsApp, SMS, Telegram and the telephone: write and call on their pages
	@model="$$($(BOT) -m bot.train --var-dir $(VAR_DIR))" && \
	  exec $(BACKEND) -m tests.end_to_end.demo_channels --model "$$model"

test: setup model ## The whole test suite
	@PYTHON=$(PYTHON) scripts/test $(ARGS)

chaos: setup ## Faults on purpose at their full size (20 min): a table, kept in benchmarks/results/chaos.md
	@CHAOS_SIZE=full CHAOS_KEEP=1 $(BACKEND) -m pytest tests/chaos -q $(ARGS)

bench: setup .venv-bench/.stamp ## Ours beside baselines in one run: a table, charts (ONLY=turn,webhooks,…; setup: only when named)
	@unset DATABASE_URL; $(BACKEND) -m benchmarks --only "$(ONLY)"; code=$$?; .venv-bench/bin/python -m benchmarks.charts && exit $$code

model: setup
	@$(BOT) -m bot.train --var-dir $(VAR_DIR) --exact

train: setup ## Train the model, if its inputs changed; use it if it reads no worse (FORCE=1: even so)
	@$(BOT) -m bot.train --var-dir $(VAR_DIR) --measure $(if $(FORCE),--force)

models: setup ## The versions of the model, how well each reads, and which is in use
	@$(BOT) -m bot.models --var-dir $(VAR_DIR) list

model-rollback: setup ## Put the version before this one in use (a running product changes at once)
	@$(BOT) -m bot.models --var-dir $(VAR_DIR) rollback

nlu-eval: setup ## Measure understanding on FILE (a .tsv with the columns intent and text)
	@OPENBLAS_NUM_THREADS=1 CUDA_VISIBLE_DEVICES=-1 $(BOT) -W ignore -m bot.nlu_eval "$(FILE)" --var-dir $(VAR_DIR) 2>$(VAR_DIR)/nlu-eval.log \
	  || { tail -n 5 $(VAR_DIR)/nlu-eval.log; exit 1; }

conversations: setup ## Hold the conversations of DIR (default: ours) on CHANNELS (default web; web,whatsapp,telegram)
	@$(BOT) -m bot.train --var-dir $(VAR_DIR) --exact >/dev/null
	@CONVERSATIONS_DIR="$(DIR)" CONVERSATION_CHANNELS="$(or $(CHANNELS),web)" $(BACKEND) -m pytest tests/end_to_end/test_conversations.py -q

lint: style types security ## Ruff, strict types, import rules, security rules (side by side with --jobs)

style: setup
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/lint-imports

types: setup
	@.venv/bin/mypy

security: setup .venv-semgrep/.stamp ## Bandit and our own semgrep rules (.semgrep/); asks nothing of the network
	@.venv/bin/bandit --quiet --severity-level medium --configfile pyproject.toml --recursive backend channels bot
	@$(SEMGREP) --config .semgrep --error --quiet backend channels bot

fmt: setup ## Format and sort
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lock: setup ## Write the hash-locked requirement files anew from the *.in files
	@scripts/lock $(UV)

setup: .venv/.stamp .venv-bot/.stamp

$(UV): requirements/uv.txt
	@echo "Instalando uv…"
	@$(PYTHON) -m venv $(VAR_DIR)/tools
	@$(VAR_DIR)/tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(UV)

.venv/.stamp: requirements/dev.txt | $(UV)
	@echo "Preparando el entorno del backend…"
	@[ -x .venv/bin/python ] || $(UV) venv --quiet --python '>=3.11' .venv
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
	@touch $@

.venv-bot/.stamp: bot/requirements.txt bot/.python-version | $(UV)
	@echo "Preparando el entorno del bot (Rasa, Python 3.10)…"
	@[ -x .venv-bot/bin/python ] || (uv="$$(realpath $(UV))"; cd bot && "$$uv" venv --quiet ../.venv-bot) \
	  || { echo "No hay Python 3.10 ni se pudo bajar: instálelo (con pyenv, por ejemplo) y repita." >&2; exit 1; }
	@$(UV) pip sync --quiet --python .venv-bot/bin/python --require-hashes bot/requirements.txt
	@touch $@

.venv-semgrep/.stamp: requirements/semgrep.txt | $(UV)
	@echo "Preparando semgrep…"
	@[ -x .venv-semgrep/bin/python ] || $(UV) venv --quiet --python '>=3.11' .venv-semgrep
	@$(UV) pip sync --quiet --python .venv-semgrep/bin/python --require-hashes requirements/semgrep.txt
	@touch $@

.venv-bench/.stamp: requirements/bench.txt | $(UV)
	@echo "Preparando el entorno de las gráficas…"
	@[ -x .venv-bench/bin/python ] || $(UV) venv --quiet --python '>=3.11' .venv-bench
	@$(UV) pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt
	@touch $@

clean: ## Remove environments and everything under VAR_DIR (the data too)
	@read -r -p "Se borrará $(VAR_DIR), con sus datos. Escriba «borrar»: " answer && [ "$$answer" = borrar ]
	@rm -rf .venv .venv-bot .venv-semgrep .venv-bench $(VAR_DIR)
