.DEFAULT_GOAL := help
.PHONY: help install demo test proof catalogue bench bench-compare bench-table lint lock clean

PYTHON = .venv/bin/python
RUN = .venv/bin/

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: .venv/installed ## find a Python >= 3.12, make .venv, install the hashed lock

.venv/installed: requirements.lock pyproject.toml .ci/python .ci/install
	@bash .ci/install
	@touch $@

demo: .venv/installed ## the whole migration once, on the embedded platform
	@$(RUN)cutover demo

lint: .venv/installed ## ruff, mypy --strict, import contracts
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports --no-cache

test: .venv/installed ## lint, types, import contracts, tests
	@bash .ci/packages
	@$(MAKE) --no-print-directory lint
	$(RUN)pytest --numprocesses 2 --dist loadfile

proof: .venv/installed ## what takes longer: the demo, faults, simulations, a browser; writes docs/proof.md
	@bash .ci/packages browser
	$(PYTHON) -m tests.proof

catalogue: .venv/installed ## every seeded defect and what finds it; writes docs/catalogue.md
	$(PYTHON) -m tests.catalogue

bench: .venv/installed ## speed beside nginx, HAProxy and others; BENCH="PART …"; every round goes to a history
	@bash .ci/packages bench || echo "measuring without what is not installed" >&2
	@$(PYTHON) -m loadtests.bench $(BENCH)

bench-compare: .venv/installed ## speed beside another commit's, with noise bounds: BASE=COMMIT
	@bash .ci/packages bench || echo "measuring without what is not installed" >&2
	@$(PYTHON) -m loadtests.bench --compare "$(BASE)" $(BENCH)

bench-table: .venv/installed ## the newest measurements as README's table
	@$(PYTHON) -m loadtests.bench --markdown

lock: ## resolve requirements.lock anew (needs uv on PATH)
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
	  --extra dev --quiet --output-file requirements.lock pyproject.toml

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
