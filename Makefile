# The front door. `make` alone says what there is. Each target works by itself on a new machine: what is missing is
# installed or fetched before anything else is done.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:

RELEASE := .build/release
NEED := Tests/Support/need
FETCH := Tests/Support/fetch

LIBRARIES := libpq-dev libsqlite3-dev libssl-dev libyaml-dev librabbitmq-dev zlib1g-dev pkg-config
SERVERS := postgresql memcached nginx tinyproxy-bin python3-venv python3-dev gcc libc6-dev mmdebstrap iproute2 curl \
    sqlite3 qemu-utils openssl util-linux rabbitmq-server golang-go golang-github-vmware-govmomi-dev \
    ceph-mon ceph-osd ceph-mgr ceph-common librbd1 librados2 python3-rados python3-rbd radosgw systemd
MEASURES := wrk postgresql-contrib openssl
TOOLS := awscli swiftclient

.PHONY: help deps test-deps fetch build run test unit integration conformance bench fuzz lint deb rpm packaging check clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

deps:
	@$(NEED) $(LIBRARIES)
	@$(FETCH) packages >/dev/null

test-deps: deps
	@$(NEED) $(SERVERS)
	@$(FETCH) keystone barbican swift client glance33 glance25 vcsim glance_store_vmware cinder glance-store-s3 >/dev/null

fetch: test-deps ## get everything that any target takes from the network
	@$(FETCH) $(TOOLS) >/dev/null
	@packaging/sysroot >/dev/null
	@Tests/Conformance/run --fetch
	@Tests/Packaging/run --fetch

build: deps ## release executables in .build/release, for Debian 12 and RHEL 9 and later
	packaging/build

run: build ## serve on 127.0.0.1:9292 from an SQLite database and images under var/
	@$(NEED) curl sqlite3
	@Tests/Support/run-here

test: unit integration ## unit tests, then the integration tests with real servers

# The units need PostgreSQL, memcached and Keystone, too: they start their own. The tests of stores wait for Ceph and its
# like most of the time, so they run beside the others; without `swift test`, of which only one can start at a time.
UNITS := NO_COLOR=1 .build/debug/openstack-glancePackageTests.xctest --testing-library swift-testing --no-parallel
STORES := ^(ImageStore|[A-Za-z0-9]+Driver)Tests\.

unit: test-deps
	swift build --build-tests
	@GLANCE_TEST_FIRST_PORT=26000 $(UNITS) --filter '$(STORES)' > >(sed -u 's/^/stores: /') 2>&1 & stores=$$!; \
	$(UNITS) --skip '$(STORES)' --skip IntegrationTests > >(sed -u 's/^/others: /') 2>&1; others=$$?; \
	wait $$stores && exit $$others

integration: export GLANCE_API = $(CURDIR)/$(RELEASE)/glance-api
integration: export GLANCE_MANAGE = $(CURDIR)/$(RELEASE)/glance-manage
integration: export GLANCE_SCRUBBER = $(CURDIR)/$(RELEASE)/glance-scrubber
integration: export GLANCE_CACHE_MANAGE = $(CURDIR)/$(RELEASE)/glance-cache-manage
integration: test-deps build
	swift test --no-parallel --filter IntegrationTests

conformance: test-deps build ## Glance's own functional tests against our executables
	Tests/Conformance/run

bench: export ONLY := $(ONLY)
bench: test-deps build ## measure against real peers, write docs/performance.md; ONLY=name,… measures some parts
	@$(NEED) $(MEASURES)
	@$(FETCH) $(TOOLS) >/dev/null
	$(RELEASE)/glance-bench docs/performance.md

fuzz: deps ## a million mutated images and more for each inspector of image formats
	Tests/Fuzz/run

lint: deps ## format check, and a build of everything, in which a warning is an error
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
	swift build --build-tests

deb: build ## dist/openstack-glance_*.deb, for Debian 12 and later
	packaging/make-deb

rpm: build ## dist/openstack-glance-*.rpm, for RHEL 9 and later
	packaging/make-rpm

packaging: deb rpm ## check the packages, and test them under a real systemd; ONLY=name runs one test
	Tests/Packaging/run $(ONLY)

check: ## everything that CI does: lint, unit, integration, conformance, packaging
	.ci/run

clean: ## remove what was built, and var/
	rm -rf .build dist var
