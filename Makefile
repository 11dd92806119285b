# Two commands: `make site` builds the site of the batch in raw/, `make test` runs every check.
# Each makes the virtual environment .venv and installs what it needs the first time.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SOURCES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help site serve test demo benchmarks clean

help:
	@echo "make site         build site/ from raw/"
	@echo "make serve        show site/ at http://127.0.0.1:8000"
	@echo "make test         lint, type-check and run the whole test suite"
	@echo "make demo         make the demo batch in raw/ again, from its seed"
	@echo "make benchmarks   print speed and quality tables"
	@echo "make clean        remove the site, the outputs, the cache and the environment"

site: $(VENV)/.installed
	$(BIN)/stemsilver build-site

serve: $(VENV)/.installed
	$(BIN)/stemsilver serve

test: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses=2 --dist=loadgroup

demo: $(VENV)/.installed
	$(INSTALL) --editable '.[demo]'
	$(BIN)/python tools/make_demo.py

benchmarks: $(VENV)/.installed
	$(BIN)/python benchmarks/throughput.py

clean:
	rm -rf $(VENV) .stemsilver site proceed report

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(INSTALL) --editable .
	touch $@

# The browser tests take the Chromium that is installed, or have Playwright fetch its own.
$(VENV)/.installed-test: $(VENV)/.created $(SOURCES)
	$(INSTALL) --editable '.[test]'
	command -v chromium || command -v chromium-browser || $(BIN)/playwright install chromium
	touch $@ $(VENV)/.installed
