# Every target says what it does in "make help". The work is done by bin/local,
# which is built first: "go run" would hide signals and exit codes.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# What make test passes to go test, for example ARGS="-run Renewal ./workflows".
ARGS ?= ./...

# Packages without a line of ours: what a linter says of them is the generator's.
GENERATED := -e peercert/api/wire -e peercert/store/queries

.PHONY: histories screenshots assets help build setup dev demo test bench lint generate film go-version

help: ## say what the targets do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

go-version:
	@command -v go >/dev/null || { echo "Go is not on the PATH: install Go 1.26 or newer from https://go.dev/dl"; exit 1; }
	@version=$$(cd / && go env GOVERSION); version=$${version#go}; major=$${version%%.*}; minor=$${version#*.}; minor=$${minor%%[!0-9]*}; \
	if [ "$$major" -eq 1 ] 2>/dev/null && [ "$$minor" -lt 26 ]; then echo "This is Go $$version: install Go 1.26 or newer from https://go.dev/dl"; exit 1; fi

bin/local: go-version FORCE
	@go build -o bin/local ./local

FORCE:

build: go-version ## build every program into bin/
	go build -o bin/ ./local
	@if [ -f main.go ]; then go build -o bin/peercert .; fi

setup: bin/local ## install and build what the other targets need, about ten minutes the first time
	@bin/local tools

dev: bin/local ## run Peercert and everything it needs on this machine, until Ctrl-C
	@exec bin/local dev

demo: bin/local ## live a whole certification, two years in about a minute (KEEP=1 leaves it up)
	@exec bin/local demo

test: bin/local ## run every test on real parts (ARGS="-run Renewal ./workflows" for some)
	@exec bin/local test $(ARGS)

bench: bin/local ## measure what the product costs over bare Temporal, as ratios
	@exec bin/local bench

assets: ## compile the style sheets and the script of the pages (needs Node 20 and npm)
	cd web/styles && npm ci --ignore-scripts --no-fund --no-audit && node build.mjs

screenshots: bin/local ## take pictures of the main pages in every language, at three widths (needs Chromium)
	@exec bin/local screenshots

histories: bin/local ## record what cases of a new release leave in Temporal, for the replay test
	@exec bin/local histories

lint: bin/local ## check format, vet, staticcheck, generated code, and that workflows can be replayed
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	@staticcheck=$$(bin/local tool staticcheck) && echo "staticcheck, but for generated packages" && \
	$$staticcheck $$(go list ./... | grep -vxF $(GENERATED))
	@check=$$(bin/local tool workflowcheck) && echo "workflowcheck ./workflows/..." && $$check -config .ci/workflowcheck.yaml ./workflows/...
	@sqlc=$$(bin/local tool sqlc) && echo "sqlc diff" && \
	$$sqlc diff -f store/sqlc.yaml || { echo "store/queries is not what its SQL says: run make generate"; exit 1; }

film: go-version ## make the sample of the introduction film anew (VERSION=sample-3), about a minute
	@go build -o bin/film ./local/film && exec bin/film -version '$(VERSION)'

generate: bin/local ## write the Go code that comes from store/queries/*.sql and api/openapi.yaml
	@sqlc=$$(bin/local tool sqlc) && $$sqlc generate -f store/sqlc.yaml
	go generate ./api/...
