#!/usr/bin/env bash
# ./pridvor bench: what the product promises about speed, measured in one run on this machine; the table goes to the
# terminal and to var/bench.json. Never a test: a busy machine may miss a goal without being wrong.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
VAR=${PRIDVOR_VAR:-$PWD/var}
export PRIDVOR_SOURCE=$PWD PRIDVOR_BUILD=$PWD/build/release
FIGURES=$PRIDVOR_BUILD/bench.jsonl
LOG=$PRIDVOR_BUILD/bench.log
BIN=$PRIDVOR_BUILD/tests
: >"$FIGURES"
: >"$LOG"
failed=0

part() { # part WORDS COMMAND...
    local words=$1 began=$SECONDS; shift
    printf '  %-62s' "$words"
    if "$@" >>"$LOG" 2>&1; then
        printf '%4d s\n' $((SECONDS - began))
    else
        printf '  failed, see %s\n' "$LOG"
        failed=1
    fi
}

figure() { printf '{"name":"%s","value":%s,"unit":"%s","note":"%s"}\n' "$@" >>"$FIGURES"; }

page() { # the budget part of the page tests says it in words
    local out=$PRIDVOR_BUILD/bench-page.log rc=0
    node tests/ui/kiosk.mjs budget >"$out" 2>&1 || rc=$?
    cat "$out"
    [ "$rc" != 77 ] || return 0
    local size limit js total script style
    read -r size limit js < <(sed -nE 's/^first page: ([0-9]+) bytes gzip of ([0-9]+), JS ([0-9]+) .*/\1 \2 \3/p' "$out")
    read -r total script style < <(sed -nE \
        's/^main thread .*: ([0-9]+) ms .*\(script ([0-9]+), style and layout ([0-9]+)\).*/\1 \2 \3/p' "$out")
    [ -n "$size" ] && [ -n "$total" ] || return 1
    figure page.gzip_bytes "$size" B "at most $limit; HTML, CSS and JS of the first page, JS $js"
    figure page.main_thread_ms "$total" ms "thread time to the start page, script $script, style and layout $style; median of 5"
    return "$rc"
}

neighbours() { # how long the healthy devices take to answer beside one that freezes, dies or raves
    local out=$PRIDVOR_BUILD/bench-neighbours.log name median ratio
    "$BIN/devices_layer" neighbours >"$out" 2>&1 || { cat "$out"; return 1; }
    while IFS='|' read -r name median ratio; do
        figure "neighbours.${name// /_}" "$median" ms "$ratio times the calm figure; median of 120 commands through kioskd"
    done < <(sed -nE 's/^(.*[^ ]) +median ([0-9.]+) ms \(([0-9.]+) times\).*/\1|\2|\3/p' "$out")
}

intake() {
    [ -e tests/bench/node/node_modules/fastify ] ||
        (cd tests/bench/node && npm ci --ignore-scripts --no-fund --no-audit) || echo "without Fastify"
    # Both sides before other work, where that is allowed: else 32 processes of pgbench get more of a busy machine than
    # the one of registryd.
    nice -n -10 "$BIN/bench_intake" --out "$FIGURES"
}

figure machine.load "$(cut -d' ' -f1 /proc/loadavg)" '' "processes that wanted to run when it began, on $(nproc) cores: below 1 for figures to compare"
printf 'Measuring, about five minutes:\n'
part 'chip reading: PACE, DG1, all files; two cards' "$BIN/bench_chip" --out "$FIGURES"
part 'the receipt; accepting without a network; memory at rest' "$BIN/bench_kiosk" --out "$FIGURES"
part 'the first page of the kiosk in a browser' page
part 'devices beside one that freezes, dies or raves' neighbours
part 'the register under load, beside pgbench and Fastify' intake
part 'the desk over many requests, beside psql' "$BIN/bench_desk" --out "$FIGURES"
mkdir -p "$VAR"
node tests/bench/table.mjs "$FIGURES" "$VAR/bench.json"
printf '\nAll figures: %s\n' "$VAR/bench.json"
exit "$failed"
