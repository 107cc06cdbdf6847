#!/usr/bin/env bash
# Office printing against the real cupsd and the real ippeveprinter, in a private folder: what is on paper is called
# printed, nothing else is, and nothing is printed twice. The printer's behaviour is a file (mode) its command reads.
set -u
export LC_ALL=C
ROOT=$PRIDVOR_SOURCE
KDRV=$PRIDVOR_BUILD/drivers/kdrv-office
for tool in cupsd ippeveprinter lpadmin dbus-daemon; do
    PATH=$PATH:/usr/sbin command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
PATH=$PATH:/usr/sbin
[ -x "$KDRV" ] || { echo "skipped: kdrv-office is not built"; exit 77; }
RIG=$(mktemp -d /tmp/pridvor-office-XXXXXX)
chmod 755 "$RIG"
PORT=$((10000 + $$ % 7000)) # below what other tests take, and what the kernel gives away
export CUPS_SERVER=$RIG/run/cups.sock DBUS_SYSTEM_BUS_ADDRESS=unix:path=$RIG/run/dbus
PIDS=()
failed=0 cases=0

stop() { # ends what this test began, by its number
    local pid
    for pid in "${PIDS[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null; done
    rm -rf "$RIG"
}
[ -n "${KEEP_RIG:-}" ] || trap stop EXIT
die() { echo "office.sh: $*"; tail -n 20 "$RIG"/log/* 2>/dev/null; exit 1; }
until_true() { # until_true SECONDS COMMAND...
    local end=$((SECONDS + $1)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}

# --- the rig ---
mkdir -p "$RIG"/{run,log,spool,cache,state,ipp,paper}
if [ "$(id -u)" = 0 ]; then user=lp; else user=$(id -un); fi
cat >"$RIG/cups-files.conf" <<EOF
ServerRoot $RIG
StateDir $RIG/state
CacheDir $RIG/cache
RequestRoot $RIG/spool
TempDir $RIG/spool
AccessLog $RIG/log/access
ErrorLog $RIG/log/error
PageLog $RIG/log/page
Printcap $RIG/state/printcap
SystemGroup $(id -gn)
User $user
Group $(id -gn "$user")
Sandboxing relaxed
EOF
cupsd_conf() { # cupsd_conf LIMIT: who may resume a queue
    cat >"$RIG/cupsd.conf" <<EOF
LogLevel info
Listen $CUPS_SERVER
Browsing Off
WebInterface No
DefaultAuthType None
JobRetryInterval 1
ErrorPolicy retry-job
<Location />
  Order allow,deny
  Allow all
</Location>
<Location /admin>
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
$1
  <Limit All>
    Order deny,allow
    Allow all
  </Limit>
</Policy>
EOF
}
cupsd_start() {
    cupsd -f -c "$RIG/cupsd.conf" -s "$RIG/cups-files.conf" >>"$RIG/log/cupsd" 2>&1 8>&- &
    CUPSD=$!
    PIDS+=("$CUPSD")
    until_true 20 lpstat -r >/dev/null 2>&1 || die "cupsd does not start"
}
# Prints: two sides, a picture of each job kept in paper/. The mode may change while it runs.
cat >"$RIG/command" <<EOF
#!/bin/sh
mode() { cat "$RIG/mode"; }
echo "ATTR: job-impressions=2" >&2
side() { sleep 0.3; echo "ATTR: job-impressions-completed=\$1" >&2; }
waits() { # until somebody sees to it
    while [ "\$(mode)" = \$1 ]; do sleep 0.1; done
}
case \$(mode) in
    abort) exit 1 ;;
    silent) echo x >>"$RIG/paper/silent"; exit 0 ;;
    empty) echo "STATE: +media-empty-error" >&2; waits empty; echo "STATE: -media-empty-error" >&2 ;;
esac
side 1
case \$(mode) in
    jam) echo "STATE: +media-jam-error" >&2; waits jam; echo "STATE: -media-jam-error" >&2 ;;
    abort-late) exit 1 ;;
esac
side 2
cp "\$1" "$RIG/paper/\$(date +%s%N).pdf"
EOF
chmod 755 "$RIG/command"
printer_start() {
    ippeveprinter -d "$RIG/ipp" -n localhost -p $PORT -r off -f application/pdf,image/pwg-raster -c "$RIG/command" \
        Birou >>"$RIG/log/printer" 2>&1 8>&- &
    PRINTER=$!
    PIDS+=("$PRINTER")
    until_true 20 ipp_answers || die "ippeveprinter does not start"
}
ipp_answers() { "$KDRV" office status --devices "$ROOT/configs/devices" --match "ipp://localhost:$PORT/ipp/print" >/dev/null 2>&1; }
dbus-daemon --session --address="$DBUS_SYSTEM_BUS_ADDRESS" --nofork --nopidfile >"$RIG/log/dbus" 2>&1 &
PIDS+=($!)
until_true 10 test -S "$RIG/run/dbus" || die "no private bus"
[ "$(id -u)" != 0 ] || chown -R "$user" "$RIG"
cupsd_conf ''
echo ok >"$RIG/mode"
cupsd_start
printer_start
lpadmin -p birou -E -v "ipp://localhost:$PORT/ipp/print" -m everywhere >"$RIG/log/lpadmin" 2>&1 || die "lpadmin"

pages() { # pages N: a PDF with N empty pages
    local i kids=
    for ((i = 0; i < $1; i++)); do kids="$kids $((i + 3)) 0 R"; done
    printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n' "$kids" "$1"
    for ((i = 0; i < $1; i++)); do
        printf '%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n' $((i + 3))
    done
    printf 'trailer<</Root 1 0 R>>\n%%%%EOF\n'
}
pages 2 >"$RIG/two.pdf"
echo "hello, this is text" >"$RIG/text.pdf"

# --- a driver as kioskd runs it ---
serve() { # serve PIN: commands with say, frames with heard
    mkfifo "$RIG/in.$cases"
    "$KDRV" office serve --devices "$ROOT/configs/devices" ${1:+--match "$1"} <"$RIG/in.$cases" >"$RIG/out" 2>>"$RIG/log/kdrv" &
    SERVE=$!
    PIDS+=("$SERVE")
    exec 8>"$RIG/in.$cases"
    until_true 20 grep -q '"link":"up"' "$RIG/out" || echo "  the driver does not come up"
}
say() { printf '%s\n' "$1" >&8; }
heard() { until_true "$1" grep -q -- "$2" "$RIG/out"; }
hang_up() {
    exec 8>&-
    until_true 20 sh -c "! kill -0 $SERVE 2>/dev/null" || { bad 'the driver does not end'; kill -KILL "$SERVE"; }
    wait "$SERVE" || bad "the driver ended with $?"
}
bad() { echo "  NOT OK: $*"; failed=1; }
papers() { ls "$RIG/paper" | wc -l; }
# expect WORDS...: all of them in the completion of command 1, within a minute
expect() {
    local word
    heard 60 '"kind":"completion","id":1,' || { bad "no completion"; tail -n 3 "$RIG/out"; return; }
    [ "$(grep -c '"kind":"completion","id":1,' "$RIG/out")" = 1 ] || bad "more than one completion"
    for word in "$@"; do
        grep '"kind":"completion","id":1,' "$RIG/out" | grep -q -- "$word" ||
            { bad "no $word"; grep '"kind":"completion","id":1,' "$RIG/out"; }
    done
}
case_of() { cases=$((cases + 1)); echo "$cases $1"; : >"$RIG/out"; before=$(papers); }
papers_are() { [ "$(papers)" = $((before + $1)) ] || bad "$(($(papers) - before)) papers, not $1"; }
print_args="\"file\":\"$RIG/two.pdf\",\"pages\":2"
print_cmd() { say "{\"id\":1,\"verb\":\"print\",\"deadline_ms\":${1:-60000},\"args\":{$print_args}}"; }

case_of 'two sides through a queue of cupsd'
serve birou; print_cmd; expect '"completion":"ok"' '"proof":"L2"' '"sides":2'; hang_up; papers_are 1
case_of 'the only queue needs no name'
serve ''; print_cmd; expect '"completion":"ok"' '"outcome":"done"'; hang_up; papers_are 1
case_of 'straight to a printer that speaks IPP; the paper is the file, byte for byte'
serve "ipp://localhost:$PORT/ipp/print"; print_cmd; expect '"completion":"ok"' '"proof":"L2"'; hang_up; papers_are 1
cmp -s "$RIG/two.pdf" "$RIG/paper/$(ls "$RIG/paper" | tail -n 1)" || bad 'other bytes'
case_of 'the test page of a technician'
serve "ipp://localhost:$PORT/ipp/print"; say '{"id":1,"verb":"test","args":{}}'; expect '"completion":"ok"' '"proof":"L2"'; hang_up
papers_are 1
page=$RIG/paper/$(ls "$RIG/paper" | tail -n 1)
if command -v pdfinfo >/dev/null; then pdfinfo "$page" | grep -q 'Page size:.*A4' || bad 'not one A4 page'; fi
case_of 'a document in pieces'
serve birou
say "{\"id\":2,\"verb\":\"put\",\"args\":{\"offset\":0,\"b64\":\"$(head -c 100 "$RIG/two.pdf" | base64 -w0)\"}}"
heard 10 '"id":2,"completion":"ok"' || bad put
say "{\"id\":3,\"verb\":\"put\",\"args\":{\"offset\":7,\"b64\":\"AAAA\"}}"
heard 10 '"id":3,"completion":"bad-request"' || bad 'a piece in the wrong place was taken'
say "{\"id\":4,\"verb\":\"put\",\"args\":{\"offset\":100,\"b64\":\"$(tail -c +101 "$RIG/two.pdf" | base64 -w0)\"}}"
heard 10 '"id":4,"completion":"ok"' || bad put
say '{"id":1,"verb":"print","args":{"pages":2}}'
expect '"completion":"ok"' "$(sha256sum "$RIG/two.pdf" | cut -c1-64)"; hang_up; papers_are 1
case_of 'wishes the printer does not have are named'
serve birou; say "{\"id\":1,\"verb\":\"print\",\"args\":{$print_args,\"sides\":\"two-sided-long-edge\",\"color\":\"color\"}}"
expect '"completion":"ok"' '"ignored":\["sides","color"\]'; hang_up; papers_are 1
case_of 'completed, and no side was counted: nobody knows'
echo silent >"$RIG/mode"; serve birou; print_cmd
expect '"code":"IMPRESSIONS_MISSING"' '"outcome":"unknown"' '"proof":"L0"'; hang_up; echo ok >"$RIG/mode"
case_of 'aborted before a side'
echo abort >"$RIG/mode"; serve "ipp://localhost:$PORT/ipp/print"; print_cmd; expect '"completion":"device-error"' '"proof":"L0"'
grep -q '"outcome":"done"' "$RIG/out" && bad 'called done'; hang_up; echo ok >"$RIG/mode"; papers_are 0
case_of 'aborted after one side'
echo abort-late >"$RIG/mode"; serve "ipp://localhost:$PORT/ipp/print"; print_cmd; expect '"outcome":"partial"' '"sides":1'
hang_up; echo ok >"$RIG/mode"; papers_are 0
case_of 'paper ends, somebody refills: one paper'
echo empty >"$RIG/mode"; serve birou; print_cmd
heard 30 '"waits_for":"MEDIA_EMPTY"' || bad 'nobody is told'
heard 10 '"media":\[[^]]*"paper_end"' || bad 'the state does not say it'
echo ok >"$RIG/mode"; expect '"completion":"ok"' '"sides":2'; hang_up; papers_are 1
case_of 'a jam after one side, and nobody comes'
echo jam >"$RIG/mode"; serve birou; print_cmd 6000; expect '"outcome":"partial"' '"code":"MEDIA_JAM"' '"sides":1'
hang_up; echo ok >"$RIG/mode"; until_true 20 sh -c "! lpstat -o | grep -q birou"; sleep 1
case_of 'cancelled in the middle'
echo jam >"$RIG/mode"; serve birou; print_cmd; heard 30 '"done":1' || bad 'no progress'
t=$(date +%s%N); say '{"id":9,"verb":"cancel","args":{"target":1}}'; expect '"completion":"cancelled"' '"outcome":"partial"'
[ $(($(date +%s%N) - t)) -lt 10000000000 ] || bad "cancel took $((($(date +%s%N) - t) / 1000000)) ms"
hang_up; echo ok >"$RIG/mode"; until_true 20 sh -c "! lpstat -o | grep -q birou"; sleep 1
case_of 'a paused queue is opened again'
cupsdisable birou; serve birou; print_cmd; expect '"completion":"ok"'; hang_up; papers_are 1
case_of 'a queue that takes no jobs is opened again'
cupsreject birou; serve birou; print_cmd; expect '"completion":"ok"'; hang_up; papers_are 1
case_of 'what is no document'
serve birou
n=10
for args in '' '"file":"/nonexistent"' "\"file\":\"$RIG\"" "\"file\":\"$RIG/in.$cases\"" "\"file\":\"$RIG/text.pdf\"" \
    "$print_args,\"copies\":0" "$print_args,\"copies\":1000" "\"file\":\"$RIG/two.pdf\",\"pages\":-1"; do
    n=$((n + 1)); say "{\"id\":$n,\"verb\":\"print\",\"args\":{$args}}"
    heard 10 "\"id\":$n,\"completion\":\"bad-request\",\"code\":\"\",\"outcome\":\"not-done\"" || bad "$args"
done
hang_up; papers_are 0
case_of 'cupsd is killed in the middle and comes back'
echo jam >"$RIG/mode"; serve birou; print_cmd; heard 30 '"done":1' || bad 'no progress'
kill -KILL "$CUPSD"; wait "$CUPSD" 2>/dev/null; echo ok >"$RIG/mode"; sleep 0.5; cupsd_start
heard 120 '"kind":"completion","id":1,' || bad 'no completion' # its own deadline is 60 s, then it looks once more
grep '"kind":"completion","id":1,' "$RIG/out" | grep -qE '"outcome":"(done|partial|unknown)"' || bad 'called not done'
hang_up; until_true 30 sh -c "! lpstat -o | grep -q birou" || cancel -a birou
case_of 'the driver is killed in the middle: the next one finds the queue as it is'
echo jam >"$RIG/mode"; serve birou; print_cmd; heard 30 '"done":1' || bad 'no progress'
kill -KILL "$SERVE"; wait "$SERVE" 2>/dev/null; exec 8>&-; echo ok >"$RIG/mode"
until_true 30 sh -c "! lpstat -o | grep -q birou" || bad 'the job hangs'
case_of 'the printer is away'
kill "$PRINTER"; wait "$PRINTER" 2>/dev/null; serve birou; print_cmd 5000
heard 60 '"kind":"completion","id":1,' || bad 'no completion'
grep '"kind":"completion","id":1,' "$RIG/out" | grep -q '"outcome":"done"' && bad 'called done'
hang_up; until_true 20 sh -c "! lpstat -o | grep -q birou" || bad 'its job stays in the queue'
printer_start; papers_are 0
case_of 'may not resume: the sentence says so'
cupsd_conf '  <Limit Resume-Printer CUPS-Accept-Jobs>
    AuthType Basic
    Require user nobody
    Order deny,allow
    Allow all
  </Limit>'
cupsdisable birou; kill "$CUPSD"; wait "$CUPSD" 2>/dev/null; cupsd_start
serve birou; print_cmd; expect '"code":"QUEUE_PAUSED"' '"outcome":"not-done"' 'may not be resumed'; hang_up; papers_are 0
case_of 'no such queue, no cupsd'
"$KDRV" office status --devices "$ROOT/configs/devices" --match nowhere --direct >"$RIG/out" 2>&1; [ $? = 3 ] || bad "exit code"
grep -q 'no queue "nowhere"' "$RIG/out" || { bad sentence; cat "$RIG/out"; }
kill "$CUPSD"; wait "$CUPSD" 2>/dev/null
"$KDRV" office status --devices "$ROOT/configs/devices" --direct >"$RIG/out" 2>&1; [ $? = 3 ] || bad "exit code $?"
grep -q 'cupsd does not answer' "$RIG/out" || { bad sentence; cat "$RIG/out"; }

echo "$cases cases against cupsd and ippeveprinter"
exit $failed
