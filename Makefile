# The front door. `make` alone says what there is.

SHELL := /bin/bash
.DELETE_ON_ERROR:

RELEASE := .build/release
NEED := Tests/Support/need
# The Swift runtime goes into the executables, so that they run where no Swift is installed.
RELEASE_FLAGS := -c release --static-swift-stdlib

INTEGRATION = GLANCE_API=$(CURDIR)/$(RELEASE)/glance-api GLANCE_MANAGE=$(CURDIR)/$(RELEASE)/glance-manage \
    swift test --no-parallel --filter

LIBRARIES := libpq-dev libsqlite3-dev libssl-dev libmemcached-dev libyaml-dev zlib1g-dev pkg-config
SERVERS := postgresql memcached nginx python3-venv python3-dev gcc libc6-dev mmdebstrap iproute2 curl sqlite3 qemu-utils openssl
MEASURES := wrk postgresql-contrib openssl

.PHONY: help deps test-deps build run test unit integration conformance bench lint executables deb rpm \
    packaging clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

deps:
	@$(NEED) $(LIBRARIES)

test-deps: deps
	@$(NEED) $(SERVERS)

build: deps ## executables in .build/release
	swift build $(RELEASE_FLAGS)

run: build ## serve on 127.0.0.1:9292 from an SQLite database and images under var/
	@$(NEED) curl sqlite3
	@Tests/Support/run-here

test: unit integration ## unit tests, then the integration tests with real servers

# The units need PostgreSQL, memcached and Keystone, too: they start their own.
unit: test-deps
	swift test --no-parallel --skip IntegrationTests

integration: test-deps build
	$(INTEGRATION) IntegrationTests

conformance: test-deps build ## Glance's own functional tests against our executables
	Tests/Conformance/run

bench: test-deps build ## measure against real peers, write docs/performance.md
	@$(NEED) $(MEASURES)
	$(RELEASE)/glance-bench docs/performance.md

lint: deps ## format check, and a build in which a warning is an error
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
	swift build --build-tests -Xswiftc -warnings-as-errors --scratch-path .build-lint

executables: deps
	packaging/build

deb: executables ## dist/openstack-glance_*.deb, for Debian 12 and later
	packaging/make-deb .build-portable/executables

rpm: executables ## dist/openstack-glance-*.rpm, for RHEL 9 and later
	packaging/make-rpm .build-portable/executables

packaging: deb rpm ## check the packages, and test them under a real systemd; ONLY=name runs one test
	Tests/Packaging/run $(ONLY)

clean: ## remove what was built, and var/
	rm -rf .build .build-lint .build-portable dist var
