# Every target sets up what it needs; nothing has to be done before.
#   make help

PYTHON ?= python3
# Further arguments for pytest, for instance: make test ARGS='tests/sandbox -x'
ARGS ?=
# Test files at once: each worker has a control plane of its own, of .7 GB.
WORKERS ?= 2
# Where scripts/prepare.py puts uv if the machine has none.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/jwt-to-rbac
BIN := .venv/bin
export PATH := $(PATH):$(CACHE)/uv/bin

# No target is a file.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: tools ## log jane in on a real cluster (ONCE=1: stop after that; CLUSTER=current: your kubectl context)
	@$(BIN)/python -m jwt_to_rbac.sandbox.demo $(if $(ONCE),--once) $(if $(CLUSTER),--cluster $(CLUSTER))

test: helm node browser ## all tests, on real clusters of their own (ARGS: which of them, one after the other)
	$(BIN)/python $(if $(ARGS),-m pytest $(ARGS),scripts/all_tests.py $(WORKERS))

test-node: helm node browser ## the image, manifests and chart on a real node, at length (NODE_ROUNDS=10)
	NODE_ROUNDS=$(or $(NODE_ROUNDS),10) $(BIN)/python -m pytest tests/node -rP $(ARGS)

bench: tools ## speed beside the raw calls, as a table of ratios
	@$(BIN)/python -m bench $(ARGS)

scale: helm ## 10, 1000 and 10000 people: a policy change, a restart, a day of logins (ARGS: other numbers)
	@$(BIN)/python -m bench.scale $(ARGS)

bindings: tools ## what a read costs the API server by how many ClusterRoleBindings 10000 people have (ARGS: how many people)
	@$(BIN)/python -m bench.bindings $(ARGS)

failover: helm ## a leader killed, and one stopped, FAILOVERS=20 times each while others log people in
	FAILOVERS=$(or $(FAILOVERS),20) $(BIN)/python -m pytest tests/e2e/test_leadership.py -s $(ARGS)

storm: tools ## good logins while bad tokens storm in, beside good logins in quiet
	@$(BIN)/python -m bench.storm $(ARGS)

crashes: helm ## the server killed at each call of its own, one by one (CRASH_SEED=1 2 3 …; minutes each)
	@for seed in $(or $(CRASH_SEED),1 2 3); do \
	  CRASH_SEED=$$seed $(BIN)/python -m pytest tests/e2e/crashes -x -rP $(ARGS) || exit 1; done

fuzz: prepare ## look for inputs that break a promise, FUZZ_SECONDS=300 a target (ARGS: which)
	$(BIN)/python -m tests.fuzz $(ARGS)

histories: tools ## random histories at two replicas, judged by the oracle (HISTORIES=1000; SEED=17 HISTORIES=1: one again)
	@HISTORIES=$(or $(HISTORIES),1000) SEED=$(or $(SEED),1) $(BIN)/python -m tests.histories

sabotages: tools ## the program broken on purpose, one promise at a time: histories must notice (ARGS: which)
	@$(BIN)/python -m tests.histories.noticing $(ARGS)

identities: prepare ## ten million people made to be confused: no shared account (minutes; ARGS: how many)
	$(BIN)/python -m tests.identities $(ARGS)

authorizations: tools ## thousands of random policies' decisions beside the real RBAC authorizer's (AUTHORIZATION_POLICIES=500)
	AUTHORIZATION_POLICIES=$(or $(AUTHORIZATION_POLICIES),500) $(BIN)/python -m pytest tests/webhooks/test_same_as_rbac.py -rP $(ARGS)

mutants: prepare ## alter core and oidc everywhere and see a test fail each time: an hour (ARGS: --again, or which)
	$(BIN)/python -m tests.mutation $(ARGS)

check: prepare ## lint, types, layers, unused dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

manifests: helm ## renew what is generated in charts/ and deploy/
	$(BIN)/python scripts/manifests.py

reference: tools ## renew docs/reference/ from the code, and what a running program says of itself
	$(BIN)/python -m tests.docs.served
	$(BIN)/python scripts/reference.py

pictures: helm browser ## renew docs/pictures, the web app's pages as the tests see them
	rm -f docs/pictures/*.png
	DOCS_PICTURES=docs/pictures $(BIN)/python -m pytest tests/web/test_looks.py tests/web/test_full_page.py tests/web/administration/test_looks.py $(ARGS)

man: prepare ## renew the man page from the commands' own help
	$(BIN)/python scripts/man_page.py > docs/jwt-to-rbac.1

site: prepare ## the documentation as a site, in dist/site; a broken link is an error
	$(BIN)/zensical build --strict

plugin: prepare ## kubectl's plugin as one file, and Krew's manifest, in dist/ (URL: where it will be fetched)
	$(BIN)/python scripts/plugin.py $(or $(DIST),dist) $(or $(URL),https://example.com)

docker: prepare ## the image jwt-to-rbac:VERSION, and its archive in dist/, by docker, podman or buildah (BASE)
	$(BIN)/python scripts/image.py build $(or $(BASE),python:3.13-slim-bookworm) $(or $(DIST),dist)

base: prepare ## a base for it from apt, where none can be pulled: make docker BASE=localhost/jwt-to-rbac-base
	$(BIN)/python scripts/image.py base localhost/jwt-to-rbac-base

lock: prepare ## renew requirements.lock after a change of the dependencies in pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra server --group dev pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra server pyproject.toml --constraints requirements.lock --output-file requirements-server.lock

clean: ## remove the Python environment and all that was built (minutes to make again)
	rm -rf .venv "$(CACHE)/programs" "$(CACHE)/wheels" "$(CACHE)/uv" "$(CACHE)/zig"

prepare:
	@$(PYTHON) scripts/prepare.py

browser:
	@$(PYTHON) scripts/prepare.py --for-tests

tools: prepare
	@$(BIN)/jwt-to-rbac sandbox build

helm: prepare
	@$(BIN)/jwt-to-rbac sandbox build --helm

node: prepare
	@$(BIN)/jwt-to-rbac sandbox build --node
