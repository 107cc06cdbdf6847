# Words shared by the parts of ./pridvor. Needs: ROOT (the checkout), VAR (run-time folder).

say() { printf '%s\n' "$*"; }
note() { printf '\033[2m%s\033[0m\n' "$*" | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }
die() { printf 'pridvor: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "this needs root: install sudo or call ./pridvor as root"; fi
}

# watched LOG COMMAND...: its output goes to the end of the log; on a terminal its last line is shown meanwhile.
watched() {
    local log=$1 watcher='' code=0; shift
    mkdir -p "$VAR/log"
    if [ -t 1 ]; then # the watcher hears no Ctrl-C: it ends with us
        while sleep 0.3 && kill -0 $$ 2>/dev/null; do
            printf '\r\033[K\033[2m  %.*s\033[0m' $(($(tput cols 2>/dev/null || echo 80) - 4)) "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033')"
        done &
        watcher=$!
    fi
    "$@" >>"$log" 2>&1 || code=$?
    [ -z "$watcher" ] || { kill "$watcher"; wait "$watcher" || true; } 2>/dev/null
    [ -z "$watcher" ] || printf '\r\033[K'
    return $code
}

# ensure_packages GROUP...: installs what is missing of these groups and says why.
ensure_packages() {
    local missing=() lines=() group name why known began=$SECONDS
    command -v dpkg-query >/dev/null || die "this needs Debian 12: the packages come from apt"
    known=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    while read -r group name why; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        grep -Fqx -- "$name" <<<"$known" || { missing+=("$name"); lines+=("  $name: $why"); }
    done < <(grep -v '^#' "$ROOT/packaging/dev/packages.txt")
    if [[ " $* " == *" build "* ]] && ! command -v npm >/dev/null; then
        missing+=(npm); lines+=("  npm: fetches the two libraries of the kiosk page")
    fi
    [ ${#missing[@]} = 0 ] && return 0
    say "Installing ${#missing[@]} Debian packages and what they need:"
    printf '%s\n' "${lines[@]}"
    mkdir -p "$VAR/log"
    # The system's own PostgreSQL cluster is not wanted and not touched.
    if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && [ ! -e /etc/postgresql-common ]; then
        as_root mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/pridvor.conf >/dev/null
    fi
    : >"$VAR/log/apt.log"
    as_root true # a password is asked for now, not under the watched line
    watched "$VAR/log/apt.log" as_root apt-get update -q || die "apt-get update failed; see $VAR/log/apt.log"
    watched "$VAR/log/apt.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "${missing[@]}" || die "apt-get could not install: ${missing[*]}; see $VAR/log/apt.log"
    say "Installed in $((SECONDS - began)) s."
}

# quiet NAME COMMAND...: runs it with its output in a log; shows the end of the log when it fails.
quiet() {
    local name=$1; shift
    mkdir -p "$VAR/log"
    : >"$VAR/log/$name.log"
    watched "$VAR/log/$name.log" "$@" && return 0
    tail -n 30 "$VAR/log/$name.log" >&2
    die "$name failed; the whole output is in $VAR/log/$name.log"
}

# build PRESET [TARGET...]
build() {
    local preset=$1; shift
    local began=$SECONDS
    [ -e "$ROOT/build/$preset/build.ninja" ] || say "Building build/$preset; the first time takes a minute or two."
    [ -e "$ROOT/build/$preset/build.ninja" ] || quiet "configure-$preset" cmake -S "$ROOT" --preset "$preset"
    quiet "build-$preset" cmake --build "$ROOT/build/$preset" ${1:+--target "$@"}
    [ $((SECONDS - began)) -lt 3 ] || say "Built build/$preset in $((SECONDS - began)) s."
}

build_ui() {
    [ -e "$ROOT/kiosk-ui/dist/index.html" ] && [ -e "$ROOT/kiosk-ui/dist/desk/index.html" ] && [ -z "$(find "$ROOT/kiosk-ui" "$ROOT/configs/i18n" -newer \
        "$ROOT/kiosk-ui/dist/index.html" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit)" ] && return 0
    quiet build-ui "$ROOT/kiosk-ui/build.sh"
}

wait_for() { # wait_for SECONDS WHAT COMMAND...
    local end=$((SECONDS + $1)) what=$2; shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { say "pridvor: $what is not ready after its time; logs are in $VAR/log" >&2; return 1; }
        sleep 0.05
    done
}

# --- one private process per name: pid file, log, and never anybody else's process ---

pid_of() { # prints the pid when the process that we started under this name lives
    local pid start state born
    read -r pid start 2>/dev/null <"$VAR/run/$1.pid" || return 1
    read -r state born < <(cut -d' ' -f3,22 "/proc/$pid/stat" 2>/dev/null) || return 1
    [ "$born" = "$start" ] && [ "$state" != Z ] || return 1
    printf '%s' "$pid"
}

launch() { # launch NAME COMMAND...
    local name=$1; shift
    pid_of "$name" >/dev/null && return 0
    mkdir -p "$VAR/run" "$VAR/log"
    setsid "$@" >>"$VAR/log/$name.log" 2>&1 </dev/null 9>&- &
    local pid=$!
    disown "$pid" 2>/dev/null || true
    printf '%s %s\n' "$pid" "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" >"$VAR/run/$name.pid"
}

halt() { # halt NAME [SIGNAL]: TERM, then KILL after 5 s
    local name=$1 pid i
    pid=$(pid_of "$name") || { rm -f "$VAR/run/$name.pid"; return 0; }
    kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    for i in $(seq 100); do
        [ "$(pid_of "$name")" = "$pid" ] || break
        sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null || true
    rm -f "$VAR/run/$name.pid"
}
