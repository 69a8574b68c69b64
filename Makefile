# make demo: watch a portrait speak.  make test: run every test.  make bench: speed and memory.  All set themselves up in .venv.
PYTHON ?= python3
# A fixed torch, because an open range may pull gigabytes for a graphics card; override with TORCH=... for yours.
TORCH ?= torch==2.13.0
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint bench clean

demo: $(READY)
	@echo "== The astronaut is learning to speak: demo/out.mp4 =="
	@$(BIN)/talking-avatar demo -o demo/out.mp4

test: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/python -m pytest

lint: $(READY)
	@$(BIN)/ruff check .

bench: $(READY)
	@$(BIN)/python bench/render.py
	@$(BIN)/python bench/memory.py

$(READY): pyproject.toml
	@echo "== Making .venv =="
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "== Installing torch (the largest part) =="
	@$(BIN)/python -m pip install --quiet "$(TORCH)"
	@echo "== Installing Talking Avatar and what it needs =="
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet -e ".[opencv,voice,espeak,test]"
	@echo "== Fetching the face networks (7 MB, Apache-2.0) =="
	@$(BIN)/python install.py
	@touch $(READY)

clean:
	rm -rf .venv demo build *.egg-info
