# ./pridvor demo: the house up, one request carried through it, then open for visitors.

CAN='' MRZ=''
demo_walk() {
    local args=(--run "$VAR/run" --out "$VAR/demo")
    [ "$REAL_DEVICES" = 1 ] && args+=(--real)
    [ -n "$CARD_VPCD" ] && args+=(--external)
    [ -n "${PRIDVOR_CAN:-}" ] && args+=(--can "$PRIDVOR_CAN")
    [ -n "${PRIDVOR_MRZ:-}" ] && args+=(--mrz "$PRIDVOR_MRZ")
    mkdir -p "$VAR/demo"
    rm -f "$VAR/demo/summary.json" "$VAR/demo/receipt.png" "$VAR/demo/paper-1.pdf" "$VAR/demo/answer.pdf" \
        "$VAR"/demo/{kiosk-start,desk-queue,desk-case,status}.png
    "$BIN/tests/walk" "${args[@]}"
}

demo_stop() {
    trap '' INT TERM HUP PIPE
    set +e # also when nobody reads any more, what was started is stopped
    [ ${#STARTED[@]} = 0 ] || { say; say "Stopping what was started here: ${STARTED[*]}"; stack_down "${STARTED[@]}"; }
}

# Like systemd on a real terminal: what dies is started again.
demo_watch() {
    local part
    while sleep 1; do
        for part in $(stack_parts); do
            pid_of "$part" >/dev/null && continue
            say "$part ended; starting it again."
            "start_$part" || true
        done
    done
}

demo() {
    local began=$EPOCHREALTIME
    trap demo_stop EXIT
    trap 'exit 130' INT TERM HUP
    stack_up
    say "The house is up: database, register, card reader, printer, signature pad, scanner, terminal."
    say
    demo_walk || die "the request did not get through; what each part said is in $VAR/log"
    if mail_there; then desk_walk || die "the desk did not finish the request; what each part said is in $VAR/log"; fi
    say
    say "Receipt             $VAR/demo/receipt.png"
    [ ! -e "$VAR/demo/paper-1.pdf" ] || say "Papers              $VAR/demo/paper-1.pdf"
    [ ! -e "$VAR/demo/answer.pdf" ] || say "Answer              $VAR/demo/answer.pdf"
    [ ! -e "$VAR/demo/desk-case.png" ] || say "Pages               $VAR/demo/{kiosk-start,desk-queue,desk-case,status}.png"
    say "Summary             $VAR/demo/summary.json"
    [ "$ONCE" = 1 ] && return 0
    stack_addresses
    say
    say "Everything stays up until Ctrl-C."
    demo_watch
}
