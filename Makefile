# make demo   from nothing to the main job: a JVM application restored from its snapshot
# make test   unit tests, then end-to-end tests on a real local node
# make docs   the site, from docs/ into target/site; fails on a broken link, or where a page is behind the sources
# make chart  lints the Helm chart and compares it with kustomize, object by object
# make rules  the alert rules: makes their manifest, checks and tests them
# The first two install and build what they need (as root, on Debian); the second time they take what is there.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test build deploy docs chart rules clean down
export JAVA_HOME ?= $(shell ls -d /usr/lib/jvm/*25* 2>/dev/null | head -n 1)
MVN := mvn -B -ntp

demo: build
	images/build
	local/deploy
	demo/run

test: local/.tools
	$(MVN) package
	images/build
	local/deploy
	$(MVN) -q test -pl common,e2e -De2e -Dtest='dev.podsnapshot.e2e.*Test' -Dsurefire.failIfNoSpecifiedTests=false -Dsurefire.printSummary=true \
	  || { local/dump target/cluster-dump; local/summary; exit 1; }
	@local/summary
	@local/cluster down

# kubernetes/rules/prometheusrule.yaml holds podsnapshot.rules.yaml for the Prometheus operator.
rules: local/.tools
	cd kubernetes/rules && { cat prometheusrule.head.yaml; sed '/^#/d; s/^./  &/' podsnapshot.rules.yaml; } >prometheusrule.yaml
	local/prometheus promtool check rules --lint=all --lint-fatal kubernetes/rules/podsnapshot.rules.yaml
	local/prometheus promtool test rules kubernetes/rules/tests/*.yaml

# The tools that the rest of this file needs.
local/.tools: local/tools
	local/tools
	@touch $@

build: local/.tools
	$(MVN) -q package -DskipTests

deploy: build
	images/build
	local/deploy

docs:
	docs/build

chart: local/.tools
	kubernetes/helm/check

down:
	local/cluster down

clean:
	$(MVN) -q clean
	rm -rf target hook/target
