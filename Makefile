# Builds, runs, tests and measures engine. `make help` lists what there is.

ROOTFS ?= alpine_fs
CMD ?= /bin/sh
PREFIX ?= /usr/local
DESTDIR ?=
SIZE_MAX := 65536

# Where rustup puts cargo, for shells that have not heard of it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# The CPU's musl target where its core library is installed; else rustc's own gnu target. The link is the same and free
# of a C library with both.
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
MUSL := $(subst -gnu,-musl,$(HOST))
TARGET ?= $(if $(wildcard $(shell rustc --print sysroot 2>/dev/null)/lib/rustlib/$(MUSL)/lib/libcore-*),$(MUSL),$(HOST))
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# What makes the machine code smaller than opt-level = "z" alone: the file lies at a fixed address anyway, blocks are laid
# out for fewer jumps, and a call is not taken to be as dear as it is where speed counts. Nothing is kept in a register
# for its next use where it is as short to have it anew, no table holds where to jump, and a caller knows which registers
# a function of ours leaves alone. A compiler that does not know these words does without them.
SMALLER := -Crelocation-model=static $(addprefix -Cllvm-args=-,apply-ext-tsp-for-size inline-call-penalty=35 \
	disable-machine-licm disable-machine-cse min-jump-table-entries=100 max-store-memcpy=1 enable-ipra)
SMALLER := $(if $(shell rustc $(SMALLER) --print cfg 2>/dev/null),$(SMALLER))

.PHONY: all engine run test check fmt clippy size bench probe install clean help tools
.DEFAULT_GOAL := all

all: engine ## build the release binary at ./engine

tools:
	@command -v cargo >/dev/null || { echo "cargo is not here. Get Rust (1.88 or later) from https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "cc, which Rust links with, is not here. Debian: apt-get install gcc" >&2; exit 1; }

engine: tools
	@echo "building engine for $(TARGET)"
	cargo rustc --release --bin engine --target $(TARGET) --target-dir $(TARGET_DIR) -- $(SMALLER)
	@# Renamed into place: a run that is under way keeps its file, and no run ever sees half of one.
	@new=$(TARGET_DIR)/$(TARGET)/release/engine; \
	cmp -s $$new engine || { tmp=.engine.$$$$ && cp $$new $$tmp && mv -f $$tmp engine || { rm -f $$tmp; exit 1; }; }

# CMD reaches the recipe as it was typed, dollars and quotes included.
run: override CMD := $(value CMD)
run: export CMD := $(CMD)
run: export ROOTFS := $(ROOTFS)
run: engine ## run CMD (default /bin/sh) in ROOTFS (default alpine_fs, which is downloaded where it is missing)
	@exec rootfs/run ./engine

test: engine ## all tests, against ./engine; what cannot run here says why
	@echo "running the tests against ./engine"
	ENGINE=$(CURDIR)/engine cargo test --target-dir $(TARGET_DIR)

fmt: tools
	cargo fmt --check

clippy: tools
	cargo clippy --all-targets --target-dir $(TARGET_DIR) -- -D warnings

size: engine
	@size=$$(wc -c <engine); echo "engine is $$size of at most $(SIZE_MAX) bytes"; [ $$size -le $(SIZE_MAX) ]

check: ## what CI runs: format, clippy, tests, size
	@$(MAKE) --no-print-directory fmt
	@$(MAKE) --no-print-directory clippy
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory size

bench: engine ## measure side by side with whichever peers are installed; the results go to bench-results/
	ENGINE=$(CURDIR)/engine cargo bench --bench side_by_side --target-dir $(TARGET_DIR)

probe: engine ## try every wall from inside and print the table of SECURITY.md
	@ENGINE=$(CURDIR)/engine cargo test -q --target-dir $(TARGET_DIR) --test engine -- --table 2>/dev/null

install: ## install to $(DESTDIR)$(PREFIX)/bin; builds only where ./engine is missing
	@[ -x engine ] || $(MAKE) --no-print-directory engine
	install -D -m 755 engine $(DESTDIR)$(PREFIX)/bin/engine

clean: ## remove what was built; root filesystems stay
	rm -rf $(TARGET_DIR) bench-results engine .engine.* .*_fs.*
	@for tree in *_fs; do [ ! -d "$$tree" ] || echo "$$tree stays; rm -rf $$tree removes it"; done

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1:\2/p' Makefile | while IFS=: read -r word text; do \
		printf '  %-14s%s\n' "$$word" "$$text"; done
	@echo "variables: ROOTFS=DIRECTORY CMD='COMMAND ...' PREFIX=/usr/local DESTDIR= TARGET=RUST-TARGET"
	@echo "           ALPINE_VERSION= ALPINE_TARBALL=FILE ALPINE_MIRROR=URL (see rootfs/alpine)"
