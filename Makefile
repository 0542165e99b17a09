# Two commands on a fresh Debian machine with Swift 6.3: make demo, make test.

PREFIX ?= /usr/local
SECONDS ?= 60
TRIALS ?= 1000
BUILD := swift build -c release
BIN := .build/release
# Tests run optimized, or the networks in them would take minutes; their own folder keeps what
# -enable-testing builds apart from the executables.
TESTING := -c release -Xswiftc -enable-testing --scratch-path .build/tests

.PHONY: help demo test conformance faults fuzz build install format lint embedded kernels arm bench clean check-tools

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: build ## convert a sample, inspect it, run it, and print before and after
	@Scripts/demo.sh $(BIN)

test: check-tools ## build and run every test
	swift build $(TESTING) --build-tests
	swift test $(TESTING) --skip-build

conformance: check-tools ## run ONNX's own tests and count them by operator
	swift build $(TESTING) --build-tests
	CONFORMANCE_TABLE=1 swift test $(TESTING) --skip-build --filter ConformanceTests

faults: check-tools ## kill commands, fill disks, let every write fail: make faults TRIALS=1000
	@Scripts/faults.sh $(TRIALS)

fuzz: check-tools ## fuzz everything that reads files: make fuzz SECONDS=60
	@Fuzz/run.sh $(SECONDS)

build: check-tools ## build the release executables
	$(BUILD)

install: build ## install pare, convert and inspect below PREFIX
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(BIN)/pare $(BIN)/convert $(BIN)/inspect "$(DESTDIR)$(PREFIX)/bin"
	@echo "installed pare, convert and inspect in $(DESTDIR)$(PREFIX)/bin"

format: ## bring the sources into form
	swift format -i -r Sources Tests Package.swift Fuzz/Sources Fuzz/Package.swift

lint: ## check the form of the sources
	swift format lint --strict -r Sources Tests Package.swift Fuzz/Sources Fuzz/Package.swift

embedded: check-tools ## compile what runs on a device as Embedded Swift, for two bare-metal targets
	@Scripts/check-embedded.sh aarch64-none-none-elf
	@Scripts/check-embedded.sh armv7em-none-none-eabi

kernels: ## compare every kernel of this machine with its reference, outside the tests
	@Scripts/check-kernels.sh

arm: check-tools ## compare every kernel of 64-bit Arm with its reference, under an emulator
	@Scripts/check-kernels.sh aarch64

bench: build ## time the samples, layer by layer
	@Scripts/bench.sh $(BIN)

check-tools: ## check the toolchain and install missing Debian packages
	@Scripts/check-tools.sh

clean: ## remove what was built
	rm -rf .build
