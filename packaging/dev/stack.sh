# The whole house on one machine: database, register, virtual devices, terminal. Each part is one process of ours.

PORT_KIOSK=$PORTS PORT_PANEL=$((PORTS + 1)) PORT_PUBLIC=$((PORTS + 2)) PORT_TLS=$((PORTS + 3)) PORT_RELAY=$((PORTS + 4))
PORT_DESK=$((PORTS + 5)) PORT_MAIL=$((PORTS + 6))
BIN=$ROOT/build/release
TERMINAL=K07
INSTITUTION=uat-55259 # Turda

# Starting order; stopping goes the other way.
stack_parts() {
    if [ "$REAL_DEVICES" = 1 ]; then echo "mail registryd kioskd"
    else echo "reader printer pad scanner mail registryd panel kioskd"; fi
}

start_reader() {
    local slot=(--card A) # an identity card lies in the reader; the panel takes it out
    [ -n "$CARD_VPCD" ] && slot=(--vpcd "$CARD_VPCD")
    start_device reader "${slot[@]}"
}
start_printer() { start_device printer; }
start_pad() { start_device pad; }
# A network scanner on loopback: two papers in its feeder, an old identity card on its glass.
start_scanner() {
    pid_of scanner >/dev/null && return 0
    mkdir -p "$VAR/run/vdev/scanner"
    rm -f "$VAR/run/vdev/scanner/env" "$VAR/run/vdev/scanner/ctl.sock"
    launch scanner "$BIN/tests/escl_scanner" --dir "$VAR/run/vdev/scanner" --feeder cert,text --glass card --stay
    wait_for 60 "the virtual scanner" test -s "$VAR/run/vdev/scanner/env"
    restart_driver scanner
}
start_device() { # start_device NAME ARGS-OF-VDEV...
    local name=$1; shift
    pid_of "$name" >/dev/null && return 0
    mkdir -p "$VAR/run/vdev/$name"
    rm -f "$VAR/run/vdev/$name/env" "$VAR/run/vdev/$name/ctl.sock"
    launch "$name" umockdev-wrapper "$BIN/tests/vdev" "$name" --dir "$VAR/run/vdev/$name" "$@"
    wait_for 60 "the virtual $name" test -s "$VAR/run/vdev/$name/env"
    restart_driver "$name"
}
restart_driver() { # one that is up by now looks for the device where it was before: kioskd starts it again
    local kiosk; kiosk=$(pid_of kioskd) || return 0
    pkill -P "$kiosk" -f "kdrv[^ ]* $(driver_of "$1") serve" || true
}
driver_of() { case $1 in reader) echo card ;; printer) echo print ;; scanner) echo scan ;; *) echo "$1" ;; esac; }
start_panel() {
    launch_at "$PORT_PANEL $PORT_RELAY" panel "$BIN/tests/vpanel" --dir "$VAR/run/vdev" --port "$PORT_PANEL" --relay "$PORT_RELAY:$PORT_TLS"
    wait_for 60 "the panel" port_open "$PORT_PANEL"
}
start_registryd() {
    registry_conf
    launch_at "$PORT_PUBLIC $PORT_TLS $PORT_DESK" registryd "$BIN/backend/registryd" --config "$VAR/registry.conf"
    wait_for 60 "registryd" http_ok "$PORT_PUBLIC" /healthz
}
start_kioskd() {
    kiosk_conf
    launch_at "$PORT_KIOSK" kioskd ${PRIDVOR_KIOSKD_UNDER:-} "$BIN/firmware/kioskd" --config "$VAR/kiosk.conf" # tests: under faketime
    wait_for 60 "kioskd" http_ok "$PORT_KIOSK" /healthz
}

# Who was killed a moment ago holds its port until the last of its threads is gone.
launch_at() { # launch_at "PORT..." NAME COMMAND...: not where another program listens
    local port end=$((SECONDS + 3))
    for port in $1; do
        until pid_of "$2" >/dev/null || ! port_open "$port" || [ "$SECONDS" -gt "$end" ]; do sleep 0.1; done
        pid_of "$2" >/dev/null || ! port_open "$port" ||
            die "port $port of $2 is taken by another program; PRIDVOR_PORTS=17080 ./pridvor ... takes seven others"
    done
    launch "${@:2}"
}
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
http_ok() { # http_ok PORT PATH: true when the answer is 200
    local status
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
    read -r -t 5 _ status _ <&3
    exec 3<&- 3>&-
    [ "$status" = 200 ]
}

registry_conf() {
    local desk="" # the page is there when it was built
    [ ! -e "$ROOT/kiosk-ui/dist/desk/index.html" ] || desk=", \"pages\": \"$ROOT/kiosk-ui/dist/desk\""
    pg_paths
    cat >"$VAR/registry.conf" <<JSON
{"db": "$PG_CONNINFO", "configs": "$ROOT/configs", "pin_key": "$VAR/tls/pin.key", "blobs": "$VAR/blobs",
 "desk": {"host": "127.0.0.1", "port": $PORT_DESK$desk},
 "terminals": {"host": "127.0.0.1", "port": $PORT_TLS}, "public": {"host": "127.0.0.1", "port": $PORT_PUBLIC},
 "smtp": {"url": "smtp://localhost:$PORT_MAIL", "from": "registratura@demo.example", "ca": "$VAR/tls/ca.pem"},
 "public_url": "http://127.0.0.1:$PORT_PUBLIC",
 "tls": {"ca": "$VAR/tls/ca.pem", "cert": "$VAR/tls/server.pem", "key": "$VAR/tls/server.key"}}
JSON
}

driver_json() { # driver_json NAME DEVICE
    local env_file=''
    [ "$REAL_DEVICES" = 1 ] || env_file=", \"env_file\": \"$VAR/run/vdev/$2/env\""
    printf '{"name": "%s", "argv": ["%s", "%s", "serve", "--devices", "%s"]%s}' "$1" "$BIN/drivers/kdrv" "$1" \
        "$ROOT/configs/devices" "$env_file"
}
kiosk_conf() {
    local port=$PORT_RELAY
    [ "$REAL_DEVICES" = 1 ] && port=$PORT_TLS
    cat >"$VAR/kiosk.conf" <<JSON
{"terminal": "$TERMINAL", "institution": "$INSTITUTION", "port": $PORT_KIOSK, "ui_dir": "$ROOT/kiosk-ui/dist",
 "configs": "$ROOT/configs", "institutions": "$ROOT/configs/institutions/cluj.json", "run_dir": "$VAR/run",
 "queue": "$VAR/kiosk/queue.db", "queue_key": "$VAR/kiosk/queue.key",
 "queue_max_bytes": ${PRIDVOR_QUEUE_BYTES:-1073741824}, "idle_s": ${PRIDVOR_IDLE_S:-60},
 "answer_ms": ${PRIDVOR_ANSWER_MS:-3000},
 "services": ["cs.birth_certificate", "complaint.abandoned_vehicle"],
 "status_url": "http://127.0.0.1:$PORT_PUBLIC/s/",
 "register": {"host": "127.0.0.1", "port": $port, "server_name": "localhost", "ca": "$VAR/tls/ca.pem",
              "cert": "$VAR/tls/terminal.pem", "key": "$VAR/tls/terminal.key"},
 "drivers": [$(driver_json card reader), $(driver_json print printer), $(driver_json pad pad),
             $(driver_json scan scanner)]}
JSON
}

registryctl() { quiet "registryctl-$1" "$BIN/backend/registryctl" "$@" --config "$VAR/registry.conf"; }

# First start: migrations, the county, a demo certificate authority, this terminal's certificate.
prepare() {
    mkdir -p "$VAR/tls" "$VAR/kiosk" "$VAR/run"
    chmod 700 "$VAR/tls" "$VAR/kiosk"
    registry_conf
    registryctl migrate
    [ -e "$VAR/tls/ca.pem" ] || registryctl ca init "$VAR/tls"
    [ -e "$VAR/tls/server.pem" ] || registryctl server-cert "$VAR/tls" --name localhost
    if [ ! -e "$VAR/tls/terminal.pem" ]; then
        registryctl institutions load "$ROOT/configs/institutions/cluj.json"
        registryctl terminal add "$TERMINAL" --institution "$INSTITUTION" --ca "$VAR/tls" --out "$VAR/tls"
    fi
}

lock_stack() {
    mkdir -p "$VAR/run"
    exec 9>"$VAR/run/stack.lock"
    flock -w 300 9 || die "another ./pridvor works on $VAR"
}

STARTED=()
stack_up() {
    lock_stack
    pg_running || STARTED+=(postgres)
    pg_start
    prepare
    local part
    for part in $(stack_parts); do
        pid_of "$part" >/dev/null || STARTED+=("$part")
        "start_$part" || die "$part did not start; the end of its log: $(tail -n 5 -- "$VAR/log/$part.log" 2>/dev/null)"
    done
    [ "$REAL_DEVICES" = 1 ] || wait_for 30 "a device" devices_ready || say "Going on without it."
    desk_accounts
    flock -u 9
}
devices_ready() { [ "$(PRIDVOR_RUN=$VAR/run "$BIN/drivers/kdrv" list --json | grep -o '"public": *"ready"' | wc -l)" = 4 ]; }

stack_down() { # stack_down [PART...]: all of them by default
    local parts part
    parts="$*"
    [ -n "$parts" ] || parts="reader printer pad scanner mail registryd panel kioskd postgres"
    for part in $(printf '%s\n' $parts | tac); do
        if [ "$part" = postgres ]; then pg_stop; else halt "$part"; fi
    done
}

stack_status() {
    local part pid
    if pg_running; then say "postgres   runs"; else say "postgres   stopped"; fi
    for part in reader printer pad scanner mail registryd panel kioskd; do
        if pid=$(pid_of "$part"); then printf '%-10s runs, pid %s\n' "$part" "$pid"; else printf '%-10s stopped\n' "$part"; fi
    done
}

stack_addresses() {
    local account password role name
    say "Kiosk page          $(cat "$VAR/run/kiosk.url" 2>/dev/null)"
    say "Desk                https://localhost:$PORT_DESK/ (its authority: $VAR/tls/ca.pem)"
    while IFS=$'\t' read -r account password role name; do
        printf '                    %-14s %-20s %s, %s\n' "$account" "$password" "$role" "$name"
    done <"$VAR/demo/accounts.txt"
    say "Status page         http://127.0.0.1:$PORT_PUBLIC/s/"
    [ "$REAL_DEVICES" = 1 ] || say "Virtual hardware    http://127.0.0.1:$PORT_PANEL/"
}
