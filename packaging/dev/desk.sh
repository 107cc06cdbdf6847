# The desk of the demo: who works there, the mail server their letters go to, and the work on one request.

# account  role          reach       where               name
desk_staff() {
    cat <<STAFF
registrator registrar institution $INSTITUTION - Ioana Registru
functionar clerk department $INSTITUTION stare_civila Andrei Funcționaru
ofiter officer department $INSTITUTION stare_civila Elena Ofițer
sef head department $INSTITUTION stare_civila Kovács Márta
primar approver institution $INSTITUTION - Vasile Primaru
administrator administrator below jud-cluj - Radu Administratoru
auditor auditor below cj-cluj - Ana Auditoru
STAFF
}

# Debian's node asks ::1 first and alone for localhost; the desk listens on 127.0.0.1.
desk_node() { # desk_node WORDS...: packaging/dev/desk.mjs against this house
    NODE_EXTRA_CA_CERTS=$VAR/tls/ca.pem DESK="https://localhost:$PORT_DESK" STATUS="http://127.0.0.1:$PORT_PUBLIC" \
        KIOSK="$(cat "$VAR/run/kiosk.url" 2>/dev/null || true)" VAR=$VAR \
        node --dns-result-order=ipv4first "$ROOT/packaging/dev/desk.mjs" "$@"
}

# Each gets a password of its own by a one-time code, as everywhere; second factors stay off here.
desk_accounts() {
    local list=$VAR/demo/accounts.txt account role reach where department name code
    mkdir -p "$VAR/demo"
    [ -s "$list" ] && [ "$list" -nt "$VAR/tls/terminal.pem" ] && return 0
    say "Accounts of the desk, each with a password made now: $list"
    (umask 077 && : >"$list.new")
    while read -r account role reach where department name; do
        registryctl_now user add "$account" --institution "$([ "$reach" = below ] && echo cj-cluj || echo "$INSTITUTION")" \
            --full-name "$name" >/dev/null 2>&1 || true # from an earlier start that was cut off
        local at=(--institution "$where" --reach "$reach")
        [ "$department" = - ] || at=(--institution "$where" --department "$department")
        registryctl_now user role "$account" "$role" "${at[@]}" >/dev/null 2>&1 || true
        code=$(registryctl_now user password "$account" | sed -n 's/.*: //p')
        desk_node redeem "$account" "$code" "$role" "$name" >>"$list.new" || die "no account for $account"
    done < <(desk_staff)
    registryctl_now user office primar --ro Primar --hu Polgármester --en Mayor >/dev/null || true
    registryctl_now user office ofiter --ro "Ofițer de stare civilă delegat" --hu "Megbízott anyakönyvvezető" \
        --en "Delegated civil-status officer" >/dev/null || true
    registryctl_now institutions letterhead "$INSTITUTION" --address "Ghișeul de demonstrație  ·  primaria.exemplu.ro" \
        --secretary "Mircea Secretaru" >/dev/null || true
    mv "$list.new" "$list"
}
registryctl_now() { "$BIN/backend/registryctl" "$@" --config "$VAR/registry.conf"; }

# --- the demo's mail server: Debian's aiosmtpd, letters into a folder ---
mail_there() { /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null; }
start_mail() {
    mail_there || { note "No python3-aiosmtpd here: e-mail waits in the outbox."; return 0; }
    mkdir -p "$VAR/demo"
    launch_at "$PORT_MAIL" mail /usr/bin/python3 -m aiosmtpd -n -c aiosmtpd.handlers.Mailbox "$VAR/demo/mail" \
        -l "127.0.0.1:$PORT_MAIL" --tlscert "$VAR/tls/server.pem" --tlskey "$VAR/tls/server.key" --no-requiretls
    wait_for 60 "the mail server" port_open "$PORT_MAIL"
}

# A clerk takes the request, an officer finds the record, the authority decides, the clerk hands it out: by the desk's API.
desk_walk() { desk_node work "$VAR/demo/summary.json"; }
