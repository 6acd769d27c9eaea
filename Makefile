# make demo   from nothing to the main job: a JVM application restored from its snapshot
# make test   unit tests, then end-to-end tests on a real local node
# Both install and build what they need (as root, on Debian); the second time they take what is there.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test build unit images deploy clean down
export JAVA_HOME ?= $(shell ls -d /usr/lib/jvm/*25* 2>/dev/null | head -n 1)
MVN := mvn -B -ntp

demo: deploy
	demo/run

test: unit deploy
	$(MVN) -q test -pl common,e2e -De2e -Dtest='dev.podsnapshot.e2e.*Test' -Dsurefire.failIfNoSpecifiedTests=false -Dsurefire.printSummary=true
	@local/summary
	@local/cluster down

# The tools that the rest of this file needs.
local/.tools: local/tools
	local/tools
	@touch $@

# install: modules take each other from the local repository when they are built alone.
build: local/.tools
	$(MVN) -q package -DskipTests

unit: local/.tools
	$(MVN) package

images: build
	images/build

deploy: images
	local/deploy

down:
	local/cluster down

clean:
	$(MVN) -q clean
	rm -rf target hook/target
