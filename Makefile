# make demo: watch a portrait speak.  make test: run every test.  make bench: speed and memory.  All set themselves up in .venv.
# make test-comfyui COMFYUI_PATH=...: the nodes in a real ComfyUI, over HTTP and in headless Chromium.
PYTHON ?= python3
# A fixed torch, because an open range may pull gigabytes for a graphics card; override with TORCH=... for yours.
TORCH ?= torch==2.13.0
BIN := .venv/bin
READY := .venv/.ready
TESTED := .venv/.tested

.PHONY: demo test test-comfyui lint bench clean

# The Python that has ComfyUI's requirements: the one in its own environment, or COMFYUI_PYTHON=...
COMFYUI_PYTHON ?= $(firstword $(wildcard $(COMFYUI_PATH)/.venv/bin/python $(COMFYUI_PATH)/venv/bin/python) python3)

demo: $(READY)
	@echo "== The astronaut is learning to speak: demo/out.mp4 =="
	@$(BIN)/talking-avatar demo -o demo/out.mp4

test: $(TESTED)
	@$(BIN)/ruff check .
	@$(BIN)/python -m pytest

test-comfyui: $(READY)
	@test -f "$(COMFYUI_PATH)/main.py" || { echo "Say where ComfyUI is: make test-comfyui COMFYUI_PATH=/path/to/ComfyUI"; exit 2; }
	@$(BIN)/python -m pip install --quiet websocket-client
	@COMFYUI_PATH="$(abspath $(COMFYUI_PATH))" COMFYUI_PYTHON="$(COMFYUI_PYTHON)" $(BIN)/python -m pytest -o pythonpath=tests_comfyui tests_comfyui

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
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet -e ".[opencv,voice,espeak,sonic,test]"
	@echo "== Fetching the face networks (7 MB, Apache-2.0) =="
	@$(BIN)/python install.py
	@touch $(READY)

# What only the tests need, so that nobody waits for it before the demo.
$(TESTED): $(READY)
	@echo "== Installing OpenVINO, an optional extra that the tests try as well =="
	@$(BIN)/python -m pip install --quiet openvino
	@touch $(TESTED)

clean:
	rm -rf .venv demo build *.egg-info
