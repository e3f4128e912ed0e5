# 中台 Zhongtai: every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NODE_OPTIONS := --disable-warning=ExperimentalWarning
INSTALLED := node_modules/.installed

.PHONY: help demo test check up down status clean key install types prove-main prove-exactly-once prove-interop bench-gateway bench-sink bench-streams bench-admit

help: ## 說明 This list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

$(INSTALLED): package-lock.json package.json
	@sh scripts/prerequisites.sh
	npm ci
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) === 24 ? 0 : 1)' || { echo "the pinned Node.js 24 was not installed for this platform" >&2; exit 1; }
	@touch $(INSTALLED)

install: $(INSTALLED) ## 安裝 Install everything that the other commands need

demo: $(INSTALLED) ## 示範 Real retail data from source to answer (ONCE=1: stop by itself)
	@node scripts/demo.ts

test: $(INSTALLED) ## 測試 All checks and tests, as in CI
	@node scripts/test.ts

check: $(INSTALLED) ## 檢查 Types, style, import levels, dead code, contract
	@node scripts/check.ts

up: $(INSTALLED) ## 啟動 Start Kafka, registry, PostgreSQL and ClickHouse in the background
	@node infra/local/src/main.ts up

down: $(INSTALLED) ## 停止 Stop what `make up` started
	@node infra/local/src/main.ts down

status: $(INSTALLED) ## 狀態 What runs, where, and how it is
	@node infra/local/src/main.ts status

clean: $(INSTALLED) ## 清除 Stop, and remove all local data
	@node infra/local/src/main.ts clean

key: $(INSTALLED) ## 金鑰 Create an API key: make key NAME=crm SOURCES=order,payment
	@node scripts/key.ts

types: $(INSTALLED) ## 型別 Generate TypeScript types from schemas/
	@node scripts/generate-types.ts

prove-main: $(INSTALLED) ## 證明 Nothing lost while everything is killed (KILLS=, SEED=)
	@node scripts/prove/main.ts

prove-exactly-once: $(INSTALLED) ## 證明 A stream application under kills, zombies, broker deaths (KILLS=, SEED=)
	@node scripts/prove/exactly-once.ts

prove-interop: $(INSTALLED) ## 證明 Outside clients read and write everything
	@node scripts/prove/interop.ts

bench-gateway: $(INSTALLED) ## 量測 API gateway beside Kafka's own producer
	@node scripts/bench/gateway.ts

bench-sink: $(INSTALLED) ## 量測 Topic to table beside raw inserts
	@node scripts/bench/sink.ts

bench-admit: $(INSTALLED) ## 量測 Each event once, with 20 M ids known (IDS=, EVENTS=)
	@node scripts/bench/admit.ts

bench-streams: $(INSTALLED) ## 量測 The stream engine beside Kafka Streams (CASES=, RECORDS=)
	@node scripts/bench/streams.ts
