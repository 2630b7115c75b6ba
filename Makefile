# Needs make and Python 3.11 or newer. Everything else is fetched into this folder by the first target that runs.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
VENV = .venv/bin
COMPILE = pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 -q --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup run dev manage reset test check bench screenshots lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## fetch and build what the other targets need (they call it themselves)
	@command -v $(PYTHON) >/dev/null || { echo "Sukha needs Python 3.11 or newer; there is no $(PYTHON) here."; exit 1; }
	@$(PYTHON) config/bootstrap.py

run: setup ## the whole product at http://127.0.0.1:8000 (another port: PORT=8100)
	@$(VENV)/python -m config.local run --port $(PORT)

dev: setup ## the same, reloading when a file changes
	@$(VENV)/python -m config.local dev --port $(PORT)

manage: setup ## a command of manage.py beside the run: make manage ARGS="create_token patient@sukha.example"
	@$(VENV)/python -m config.local manage $(ARGS)

reset: setup ## drop the local data and load fresh demo data
	@$(VENV)/python -m config.local reset

test: setup ## all tests, the browser's too (some: ARGS="tests/booking -k hold")
	@$(VENV)/python -m pytest $(ARGS)

check: setup ## format, lint, types, layers, wiring, migrations, templates, production settings
	@$(VENV)/python -m config.check

bench: setup ## measure, one JSON object a line
	@$(VENV)/python -m bench $(ARGS)

screenshots: setup ## photograph the running product for the README
	@$(VENV)/python -m tests.browser.screenshots

lock: ## write the locks anew after a change of pyproject.toml or package.json
	@$(PYTHON) config/bootstrap.py python
	@$(VENV)/uv $(COMPILE) -o requirements.txt
	@$(VENV)/uv $(COMPILE) --group dev -o requirements-dev.txt
# In an empty folder: beside node_modules, npm would lock only what this machine has installed.
	@empty=$$(mktemp -d) && cp package.json .npmrc $$empty && cd $$empty && \
		PATH="$(CURDIR)/$(VENV):$$PATH" npm install --package-lock-only --no-audit --loglevel=error && \
		cp package-lock.json "$(CURDIR)" && rm -r $$empty
