# Two commands: `make run` and `make test`. `make help` lists the others.
PYTHON ?= python3
BIN := .venv/bin
EMBEDDED := $(BIN)/python -m ecare.embedded
PORT ?= 8000
export PORT
# Every message is in UTF-8, whatever the terminal says.
export PYTHONUTF8 := 1
# Kept beside the sources: compiling them takes half of the start of each process, and tests start many.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test bench access check format manage lock install browser
.DEFAULT_GOAL := help

help:
	@echo 'make run [PORT=8000]          the portal, until Ctrl-C'
	@echo 'make test [ARGS="-k words"]   the whole suite, on servers of its own'
	@echo 'make check                    format, lint, imports, types, migrations, production settings,'
	@echo '                              known vulnerabilities when a network answers'
	@echo 'make manage ARGS="command"    manage.py on the data of `make run`, whether it runs or not'
	@echo 'make access                   write docs/acces.md again: who may open which address'
	@echo 'make bench [ARGS="pages"]     measure, beside a floor, and write docs/benchmarks.md (an hour)'
	@echo 'make format                   what `make check` would ask for, done'
	@echo 'make lock                     compute the locked dependencies again'

run: install
	@exec $(BIN)/python -m ecare.run

# Three processes on two cores: each waits a third of its time, for browsers, workers and servers that start.
test: browser
	@exec $(EMBEDDED) throwaway -- $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: export SECRET_KEY = only-long-and-varied-enough-to-be-checked-0123456789abcdefghij
check: export ENCRYPTION_KEYS = b2YtdGhpcy1jaGVjay1vbmx5LTAxMjM0NTY3ODlhYmM=
check: export FINGERPRINT_KEY = of-this-check-only-0123456789abcdefghijklm
check: export ALLOWED_HOSTS = ecare.example
check: export PUBLIC_URL = https://ecare.example
check: export DATABASE_URL = postgres://nobody@127.0.0.1:1/none
check: export REDIS_URL = redis://127.0.0.1:1/0
check: export EMAIL_URL = smtp://127.0.0.1:1
check: export CLAMAV_ADDRESS = 127.0.0.1:1
# Templates are linted, not reformatted: djlint moves the spaces around inline elements, which show.
check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --settings ecare.settings.test
	$(BIN)/python manage.py check --deploy --fail-level WARNING --settings ecare.settings.prod
	$(BIN)/python -m ecare.vulnerabilities requirements-dev.txt requirements-uv.txt

format: install
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: install
	@$(BIN)/python bench/all.py $(ARGS)

access: install
	@DJANGO_SETTINGS_MODULE=ecare.settings.test $(BIN)/python -m tests.access_matrix

manage: install
	@exec $(EMBEDDED) exec -- $(BIN)/python manage.py $(ARGS)

COMPILE = .bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock: install
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.txt
	echo uv | $(COMPILE) - --output-file requirements-uv.txt

install:
	@$(PYTHON) -I ecare/bootstrap.py

browser:
	@$(PYTHON) -I ecare/bootstrap.py --browser
