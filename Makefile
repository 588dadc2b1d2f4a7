# Understudy. `make help` lists what there is; each target does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.8
PYTHON ?= python3.11
UV := $(shell command -v uv 2>/dev/null || echo .venv-uv/bin/uv)
RUN := .venv/bin
STAMP := .venv/.synced
SOURCES := api operator workers vault cli monitoring tests bench

IMAGE_TAG ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE_REPOSITORY ?= understudy
IMAGE = $(IMAGE_REPOSITORY)/$(1):$(IMAGE_TAG)
DOCKER_BUILD = docker build --build-arg VERSION=$(IMAGE_TAG) --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown)
LAST_RELEASE ?= $(shell git describe --tags --abbrev=0 HEAD^ 2>/dev/null)
KIND_CLUSTER := understudy
KIND_NODES := $(KIND_CLUSTER)-worker,$(KIND_CLUSTER)-worker2

.PHONY: help setup tools farm-tools demo stop test check format crds dashboards pictures golden bench clean
.PHONY: images image-operator image-render image-render-cpu image-render-cuda image-train image-minio kind-up kind-down test-kind released-images

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install the locked environment into .venv

demo: farm-tools ## Start the farm, train a twin, render the demo campaign, show the results
	@$(RUN)/understudy demo

tools: $(STAMP) ## Build the Go programs of farm and tests, once (about 8 minutes)
	@$(RUN)/understudy tools

farm-tools: $(STAMP)
	@$(RUN)/understudy tools etcd minio kube-apiserver kube-controller-manager kubectl

stop: $(STAMP) ## Stop the farm that `make demo` left running
	@$(RUN)/understudy down

test: tools ## Run all tests but those of images and pods
	@$(RUN)/pytest -m 'not kind' -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## Lint, types, import contracts, generated files
	@$(RUN)/ruff format --check --quiet $(SOURCES)
	@$(RUN)/ruff check --quiet $(SOURCES)
	@$(RUN)/mypy
	@PYTHONPATH=monitoring $(RUN)/lint-imports >.import-linter.log || { cat .import-linter.log; exit 1; }
	@$(RUN)/python -m understudy_api.kinds crds --check
	@$(RUN)/python -m understudy_cli.chart_files charts/understudy --check
	@PYTHONPATH=monitoring $(RUN)/python -m understudy_monitoring . --check
	@echo "check: ok"

format: $(STAMP) ## Format the code
	@$(RUN)/ruff format $(SOURCES)
	@$(RUN)/ruff check --fix $(SOURCES)

crds: $(STAMP) ## Regenerate crds/ from api/understudy_api, and what the chart takes from it
	@$(RUN)/python -m understudy_api.kinds crds
	@$(RUN)/python -m understudy_cli.chart_files charts/understudy

dashboards: $(STAMP) ## Write rules and runbooks from monitoring/understudy_monitoring
	@PYTHONPATH=monitoring $(RUN)/python -m understudy_monitoring .

pictures: farm-tools ## Draw the dashboards after minutes of a farm on this machine (docs/pictures)
	@PYTHONPATH=monitoring:tests/support $(RUN)/python -m bench.pictures docs/pictures

golden: $(STAMP) ## Refresh the golden files of the tests
	@$(RUN)/pytest tests/operator/test_crds.py tests/charts --update-golden -k golden

bench: $(STAMP) ## Measure speed and memory, as ratios (JSON and a table)
	@$(RUN)/python -m bench

images: image-operator image-render image-render-cpu image-render-cuda image-train ## Build the container images (docs/images.md)

image-operator image-render image-train: image-%:
	@$(DOCKER_BUILD) --file images/$*.Dockerfile --tag $(call IMAGE,$*) .

image-render-cpu image-render-cuda: image-render-%:
	@$(DOCKER_BUILD) --build-arg ONNXRUNTIME=$* --file images/render.Dockerfile --tag $(call IMAGE,render)-$* .

image-minio: farm-tools # the kind cluster's object store, from the binary that a farm on one machine uses
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  cp "$$($(RUN)/python -c 'from understudy_cli.local import toolchain; print(toolchain.require("minio"))')" "$$folder/minio" && \
	  docker build --quiet --file tests/kind/minio.Dockerfile --tag $(call IMAGE,minio) "$$folder" >/dev/null

kind-up: image-operator image-render-cpu image-minio ## Create a kind cluster (KIND_NODE_IMAGE, when set) and load the images
	@command -v kind >/dev/null || { echo "kind-up: kind is not on the PATH; install it: go install sigs.k8s.io/kind@latest" >&2; exit 1; }
	@kind get clusters 2>/dev/null | grep -qx $(KIND_CLUSTER) || \
	  kind create cluster --config kind-config.yaml --wait 2m $(if $(KIND_NODE_IMAGE),--image "$(KIND_NODE_IMAGE)")
	@kind load docker-image --name $(KIND_CLUSTER) --nodes $(KIND_NODES) $(call IMAGE,operator) $(call IMAGE,render)-cpu $(call IMAGE,minio)
	@docker exec $(KIND_CLUSTER)-control-plane kubectl --kubeconfig /etc/kubernetes/admin.conf \
	  rollout status --namespace kube-system deployment/coredns --timeout 2m

kind-down: ## Delete the kind cluster
	@kind delete cluster --name $(KIND_CLUSTER)

test-kind: tools kind-up released-images ## Test what images are built, and a whole farm in the pods of the kind cluster
	@IMAGE_REPOSITORY=$(IMAGE_REPOSITORY) IMAGE_TAG=$(IMAGE_TAG) LAST_RELEASE=$(LAST_RELEASE) $(RUN)/pytest $(KIND_OPTIONS) tests/images tests/kind

released-images: # of the last release, from its own sources: what an upgrade comes from
	@[ -z "$(LAST_RELEASE)" ] || for image in operator render; do \
	  tag=understudy/$$image:$(LAST_RELEASE)$$([ $$image = operator ] || echo -cpu); \
	  docker image inspect "$$tag" >/dev/null 2>&1 || git archive $(LAST_RELEASE) | docker build --build-arg ONNXRUNTIME=cpu \
	    --build-arg VERSION=$(LAST_RELEASE) --file images/$$image.Dockerfile --tag "$$tag" -; \
	done

clean: ## Remove the environment (the farm's state and caches stay)
	@rm -rf .venv .venv-uv

$(STAMP): pyproject.toml uv.lock | $(if $(findstring .venv-uv,$(UV)),.venv-uv/bin/uv)
	@echo "installing the locked environment into .venv (about a minute when nothing is cached) ..."
	@$(UV) sync --locked --all-extras --quiet --python $(PYTHON)
	@touch $@

.venv-uv/bin/uv:
	@$(PYTHON) -m venv .venv-uv || { echo "setup: python3.11 has no venv module; on Debian: apt install python3-venv" >&2; exit 1; }
	@.venv-uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
