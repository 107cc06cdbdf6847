# The private PostgreSQL cluster: its own folder, Unix socket only, peer authentication.

PGBIN=/usr/lib/postgresql/15/bin

# Root may not run PostgreSQL: it runs as the user postgres then, from a folder where that user may stand.
pg_as() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups --inh-caps=-all "$@")
    else
        "$@"
    fi
}

pg_paths() {
    local key
    key=$(printf '%s' "$VAR" | cksum | cut -d' ' -f1)
    PGDATA_DIR=$VAR/pg PGSOCK=$VAR/run/pg
    mkdir -p "$VAR"
    if [ "$(id -u)" = 0 ] && ! pg_as test -x "$VAR" 2>/dev/null; then # for example below /root
        PGDATA_DIR=/var/lib/pridvor-$key/pg PGSOCK=/var/lib/pridvor-$key/run
    elif [ ${#PGSOCK} -gt 80 ]; then # a socket's path must stay under 107 bytes
        PGSOCK=/tmp/pridvor-$(id -u)-$key
    fi
    PG_CONNINFO="host=$PGSOCK port=5432 user=pridvor dbname=pridvor"
}

pg_init() {
    pg_paths
    # A database elsewhere goes with its var/: it knows the keys and certificates that were there, and no others.
    if [ "$PGDATA_DIR" != "$VAR/pg" ] && [ ! -e "$VAR/pg" ] && [ -e "$PGDATA_DIR" ]; then
        say "$VAR is new: the database of the one before, $PGDATA_DIR, is removed."
        pg_stop immediate
        rm -rf "$PGDATA_DIR"
    fi
    [ -s "$PGDATA_DIR/PG_VERSION" ] && return 0
    local user new=$PGDATA_DIR.new # it gets its name when it is whole
    id -un >/dev/null 2>&1 || die "your user id $(id -u) has no name in /etc/passwd; PostgreSQL cannot start without one"
    rm -rf "$new"
    mkdir -p "$new" && chmod 700 "$new"
    if [ "$(id -u)" = 0 ]; then chown postgres "$new"; fi
    quiet initdb pg_as env LC_ALL=C.UTF-8 "$PGBIN/initdb" -D "$new" -U pridvor -E UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=reject --no-instructions
    echo 'local all pridvor peer map=pridvor' | pg_as tee "$new/pg_hba.conf" >/dev/null
    for user in root postgres "$(id -un)"; do printf 'pridvor %s pridvor\n' "$user"; done | sort -u |
        pg_as tee "$new/pg_ident.conf" >/dev/null
    printf '%s\n' "listen_addresses = ''" 'max_connections = 50' 'shared_buffers = 64MB' \
        'log_min_messages = warning' "timezone = 'UTC'" "log_timezone = 'UTC'" |
        pg_as tee -a "$new/postgresql.conf" >/dev/null
    mv -T "$new" "$PGDATA_DIR"
    rm -f "$VAR/tls/terminal.pem" # no terminal is known to a new register: prepare makes one
    [ "$PGDATA_DIR" = "$VAR/pg" ] && return 0
    ln -sfn "$PGDATA_DIR" "$VAR/pg"
    say "The database lives in $PGDATA_DIR: its user cannot reach $VAR."
}

pg_start() {
    pg_init
    mkdir -p "$PGSOCK" && chmod 700 "$PGSOCK"
    if [ "$(id -u)" = 0 ]; then chown postgres "$PGSOCK"; fi
    "$PGBIN/pg_isready" -q -h "$PGSOCK" && return 0
    local log=$PGDATA_DIR/server.log
    pg_as "$PGBIN/pg_ctl" -D "$PGDATA_DIR" -s -w -t 60 -l "$log" -o "-k '$PGSOCK'" start 9>&- ||
        die "PostgreSQL did not start; see $log"
    pg_as "$PGBIN/psql" -h "$PGSOCK" -U pridvor -d postgres -Atqc "select 1 from pg_database where datname = 'pridvor'" |
        grep -q 1 || pg_as "$PGBIN/createdb" -h "$PGSOCK" -U pridvor pridvor
}

pg_running() { pg_paths; "$PGBIN/pg_isready" -q -h "$PGSOCK" 2>/dev/null; }

pg_stop() {
    pg_paths
    [ -e "$PGDATA_DIR/postmaster.pid" ] || return 0
    pg_as "$PGBIN/pg_ctl" -D "$PGDATA_DIR" -s -w -m "${1:-fast}" stop 2>/dev/null || true
}

pg_cut() { # kill -9 of the postmaster and its children; it is held first, so that it starts no new ones
    local main pid pids
    main=$(head -n 1 "$PGDATA_DIR/postmaster.pid" 2>/dev/null) || return 0
    kill -STOP "$main" 2>/dev/null || true
    until_state "$main" TZ
    pids="$main $(pgrep -P "$main" || true)"
    kill -KILL $pids 2>/dev/null || true
    for pid in $pids; do until_state "$pid" Z; done
    rm -f "$PGDATA_DIR/postmaster.pid" "$PGSOCK"/.s.PGSQL.5432*
}
until_state() { # until_state PID STATES: or gone
    while [ -e "/proc/$1" ] && ! grep -qs "^State:.[$2]" "/proc/$1/status"; do sleep 0.01; done
}
