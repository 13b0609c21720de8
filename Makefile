# portkey-admin-mcp: everything there is to do, one command each. `make` lists the targets.
#
#   PYTHON=python3.12   the interpreter for the virtual environment (default: the first that is >= 3.11)
#   VENV=.venv          where the virtual environment lives
#   WORKERS=2           make test: processes that share the tests (default: one a core; 0 runs them in this one)
#   REQUIRE_ALL=1       make test: a part that cannot run on this machine is a failure
#   ARGS="..."          passed on: make test ARGS=tests/portkey, make run ARGS="--help"

SHELL = /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
ARGS ?=
REQUIRE_ALL ?=
WORKERS ?= auto

BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	--only-binary :all: --require-hashes
COMPILE = $(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" \
	$(if $(UPGRADE),--upgrade) pyproject.toml

.PHONY: help run test test-http lint format bench bench-quick chaos rolling soak container-check catalog fuzz conformance resume screenshots requirements clean deploy-check

help: ## List the targets (this is what make alone does)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.runtime ## Start the service on http://127.0.0.1:3000/mcp (the sandbox, unless PORTKEY_API_KEY is set)
	@LOG_FORMAT="$${LOG_FORMAT:-console}" exec $(BIN)/python -m app http $(ARGS)

test: $(VENV)/.development ## Run the whole test suite with branch coverage (gate: 95 %)
	@rm -f .coverage .coverage.* $(VENV)/not-run.txt
	@REQUIRE_ALL=$(REQUIRE_ALL) NOT_RUN_FILE=$(VENV)/not-run.txt $(BIN)/python -m coverage run -m pytest \
		--numprocesses $(WORKERS) --dist worksteal $(ARGS); \
	tests=$$?; gate=0; \
	$(BIN)/python -m coverage combine --quiet; \
	if [ $$tests -eq 0 ]; then $(BIN)/python -m coverage report $(if $(ARGS),--fail-under=0) || gate=$$?; fi; \
	if [ -f $(VENV)/not-run.txt ]; then echo; cat $(VENV)/not-run.txt; fi; \
	if [ $$tests -ne 0 ]; then exit $$tests; else exit $$gate; fi

test-http: $(VENV)/.runtime ## Try a running service from the outside (MCP_TEST_BASE_URL, default http://127.0.0.1:3000)
	@$(BIN)/python -m app smoke $(ARGS)

lint: $(VENV)/.development ## Check style, format, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development ## Format the code and fix what can be fixed safely
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.development ## Measure the service next to its peers, and write docs/performance.md anew (ten minutes)
	@$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV)/.development ## Fail if a request costs 15 % more than recorded (a minute; ARGS=--record records)
	@$(BIN)/python -m bench.quick $(ARGS)

container-check: $(VENV)/.runtime ## Build and run the image without a container engine (needs Linux, root and debootstrap)
	@$(BIN)/python -m deploy.container.replay

chaos: $(VENV)/.development ## Kill, freeze and cut off parts while clients work (needs nginx and redis-server)
	@$(BIN)/python -m tests.faults chaos $(ARGS)

rolling: $(VENV)/.development ## Restart replicas behind nginx under load (needs nginx and redis-server)
	@$(BIN)/python -m tests.faults rolling $(ARGS)

soak: $(VENV)/.development ## Open 10,000 sessions in 15 minutes, leave them, and see that nothing of it stays (Linux)
	@$(BIN)/python -m tests.faults soak $(ARGS)
deploy-check: $(VENV)/.deploy ## Check the deployment files with the checkers of their formats
	@$(BIN)/python -m deploy.check

catalog: $(VENV)/.runtime ## Write app/catalog/snapshot.json, the wire form of every tool
	@$(BIN)/python -m app catalog --write $(ARGS)

fuzz: $(VENV)/.development ## Send 100,000 damaged requests (some minutes; ARGS="--inputs 5000 --seed 7")
	@$(BIN)/python -m tests.fuzz $(ARGS)

resume: $(VENV)/.development ## Cut 1,000 streams and resume them at another replica (RESUME_STREAMS=1000)
	@RESUME_STREAMS="$${RESUME_STREAMS:-1000}" $(BIN)/python -m pytest --quiet tests/protocol/test_resumption_property.py $(ARGS)

conformance: $(VENV)/.development ## Run the official MCP conformance suite (needs Node)
	@$(BIN)/python -m tests.conformance $(ARGS)

screenshots: $(VENV)/.development ## Take pictures of the status page (needs Node and Chromium; SCREENSHOTS_DIR=.cache/screenshots)
	@SCREENSHOTS_DIR="$${SCREENSHOTS_DIR:-.cache/screenshots}" REQUIRE_ALL=1 $(BIN)/python -m pytest --quiet tests/browser $(ARGS)

requirements: $(VENV)/.development ## Pin the dependencies of pyproject.toml with hashes (UPGRADE=1: newest versions)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --constraint requirements.txt --extra otel --group dev --output-file requirements-dev.txt
	$(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-deps \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" \
		$(if $(UPGRADE),--upgrade) --group redis-server --output-file requirements-redis.txt
	$(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" \
		$(if $(UPGRADE),--upgrade) --constraint requirements-dev.txt --group deploy --output-file requirements-deploy.txt

clean: ## Remove the virtual environment and everything generated
	rm -rf $(VENV) .cache .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
		build dist htmlcov reports
	find app tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- The virtual environment: a stamp a step, so that the second start installs nothing ---------------

$(BIN)/python:
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "This project needs Python 3.11 or newer; $(or $(PYTHON),python3) here is: $$($(or $(PYTHON),python3) --version 2>&1 || true)"; \
		echo "Install one (Debian: apt install python3 python3-venv; macOS: brew install python) and name it:"; \
		echo "  make $(or $(MAKECMDGOALS),run) PYTHON=python3.12"; \
		exit 1; \
	fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$(PYTHON) cannot create virtual environments: the module venv or ensurepip is missing."; \
		echo "On Debian and Ubuntu: apt install python3-venv   Then run make again."; \
		exit 1; \
	fi
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing the pinned dependencies into $(VENV) (only when they change; about a minute) ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.deploy: requirements-deploy.txt | $(BIN)/python
	@echo "Installing the checkers of the deployment files into $(VENV) (only when they change) ..."
	@$(INSTALL) -r requirements-deploy.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the development dependencies into $(VENV) (only when they change; about a minute) ..."
	@$(INSTALL) -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation \
		--no-index --editable .
	@touch $@ $(VENV)/.runtime
