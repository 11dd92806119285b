# Two commands: `make site` builds the site of the batch in raw/, `make test` runs every check.
# Each makes the virtual environment .venv and installs what it needs the first time.

# The first on the PATH that this release is for; `make PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c '$(PROMISED)' 2>/dev/null && echo $$python && break; done)
PROMISED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SOURCES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help site serve test demo docs benchmarks lock check-lock licences clean

help:
	@echo "make site         build site/ from raw/"
	@echo "make serve        show site/ at http://127.0.0.1:8000"
	@echo "make test         lint, type-check and run the whole test suite"
	@echo "make demo         make the demo batch in raw/ again, from its seed"
	@echo "make docs         make docs/cli.md again, from the command line itself"
	@echo "make benchmarks   print speed and quality tables"
	@echo "make lock         make constraints.txt again, after a change of dependencies"
	@echo "make check-lock   resolve it for every promised system and Python"
	@echo "make licences     make docs/licences.md again, after that"
	@echo "make clean        remove the site, the outputs, the cache and the environment"

site: $(VENV)/.installed
	$(BIN)/stemsilver build-site

serve: $(VENV)/.installed
	$(BIN)/stemsilver serve

test: $(VENV)/.browser $(VENV)/.installed-studio
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

demo: $(VENV)/.installed
	$(INSTALL) --editable '.[demo]'
	$(BIN)/python tools/make_demo.py

docs: $(VENV)/.installed
	$(BIN)/python tools/cli_docs.py

benchmarks: $(VENV)/.installed
	$(BIN)/python benchmarks/throughput.py

lock: $(VENV)/.installed-lock
	$(BIN)/python tools/lock.py

check-lock: $(VENV)/.installed-lock
	$(BIN)/python tools/lock.py --check

licences: $(VENV)/.installed-studio
	$(BIN)/python tools/licences.py

clean:
	rm -rf $(VENV) .stemsilver site proceed report

$(VENV)/.created:
	@"$(PYTHON)" -c '$(PROMISED)' 2>/dev/null || { echo >&2 \
	  "Stemsilver needs Python 3.11 to 3.14. Install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo >&2 \
	  "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.created $(SOURCES)
	$(INSTALL) --editable '.[test]'
	touch $@ $(VENV)/.installed

$(VENV)/.browser: $(VENV)/.installed-test
	$(BIN)/python tools/chromium.py
	touch $@

# pip builds some of its packages. Where it cannot, the tests say at their end what they left out.
$(VENV)/.installed-studio: $(VENV)/.installed-test
	@if command -v cc >/dev/null || command -v gcc >/dev/null; then \
	  $(INSTALL) --editable '.[studio]' && touch $@ || echo "Go on without what could not be built."; \
	fi

# Not the extra `lock`, which would bring Stemsilver, whose dependencies may contradict the old lock.
$(VENV)/.installed-lock: $(VENV)/.created $(SOURCES)
	$(INSTALL) uv pip packaging
	touch $@
