# What a person or a machine asks of this repository. Each target is one script; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run build test types lint format tidy bench guest image image-test test-nodes clean

FILE ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: ## install what is missing, build, and start the observatory (Ctrl-C stops it)
	@exec scripts/run.sh

build: ## install what is missing and build the agent and its page
	@exec scripts/build.sh

test: ## types, lint and every test; FILE=test/x.test.ts runs one
	@exec scripts/test.sh $(FILE)

types: ## check the types of agent, tests and page
	@exec scripts/with-packages.sh node scripts/check.mjs types

lint: ## check format and style; a warning is an error
	@exec scripts/with-packages.sh node scripts/check.mjs lint

format: ## write the format that lint asks for
	@exec scripts/with-packages.sh node_modules/.bin/biome check --write

tidy: ## check the import rules and the other promises of the source
	@exec scripts/test.sh test/tidy.test.ts

bench: ## measure, as JSON lines; fails when a gate fails (FILE=test/bench/x.bench.ts runs one)
	@exec scripts/bench.sh $(FILE)

guest: ## boot a small arm64 Linux and run the drivers on its simulated hardware (FILE=test/guest/x.guest.ts runs one)
	@exec scripts/guest.sh $(FILE)

image: ## make the image for the card, as root: build/pierside-<version>-arm64.img.xz and what goes with it
	@exec image-build/build.sh

image-test: ## make the card and use it in QEMU as an owner does (FILE=test/image/x.image.ts runs one)
	@exec scripts/image-test.sh $(FILE)

test-nodes: ## run the tests on Node 20.19, 22 and 24, each in a copy with packages of its own
	@exec scripts/test-nodes.sh $(FILE)

clean: ## remove what was built; frames, config and packages stay
	rm -rf build web/dist .tap bench-results
