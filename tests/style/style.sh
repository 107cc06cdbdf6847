#!/usr/bin/env bash
# Holds the rules of the house (docs/ARCHITECTURE.md): layers, fences, limits, words. Prints every breach.
set -u
cd "${PRIDVOR_SOURCE:-$(dirname "$0")/../..}" || exit 1
bad=0
breach() { printf '%s\n' "$1" | sed "s/^/$2: /"; bad=1; }
sources() { git ls-files -co --exclude-standard -- '*.c' '*.h' | while read -r f; do [ -e "$f" ] && echo "$f"; done; }
mapfile -t files < <(sources)
[ ${#files[@]} -gt 20 ] || { echo "style: only ${#files[@]} source files found"; exit 1; }
product=(); for f in "${files[@]}"; do case $f in tests/*) ;; *) product+=("$f") ;; esac; done

# --- layers: common/base <- common/model <- { drivers, firmware, backend } ---
layer() { # layer FOLDER FORBIDDEN-REGEX
    local out
    out=$(grep -nE "#include \"($2)/" "${product[@]}" | grep "^$1/") && breach "$out" "layer"
}
layer common/base 'common/model|drivers|firmware|backend|tests'
layer common/model 'drivers|firmware|backend|tests'
layer drivers 'firmware|backend|tests'
layer firmware 'drivers|backend|tests'
layer backend 'drivers|firmware|tests'
out=$(grep -nE '#include "[^/"]+\.h"' "${product[@]}" | grep -v '"embed_') && breach "$out" "include without its folder"

# --- fences: a foreign header stands in its home only ---
fence() { # fence HEADER-REGEX HOME-REGEX
    local out
    out=$(grep -nE "#include <($1)" "${product[@]}" | grep -vE "^($2):") && breach "$out" "fence"
}
fence 'libusb' 'drivers/bus/usb[a-z_]*\.c'
fence 'libpq|postgresql' 'backend/db[a-z_]*\.c'
fence 'mbedtls|psa/' 'common/base/(tls|crypto)[a-z_]*\.[ch]|drivers/card/crypto[a-z_]*\.c|drivers/pad/crypto_pad\.c|backend/pki[a-z_]*\.c'
fence 'cjson|cJSON' 'common/base/json[a-z_]*\.c'
fence 'llhttp' 'common/base/http[a-z_]*\.[ch]'
fence 'sqlite3' 'firmware/queue[a-z_]*\.[ch]'
# receipts below the printer; letters and decisions, as PDF, in the register
fence 'pango|cairo' 'drivers/print/raster[a-z_]*\.c|backend/paper[a-z_]*\.[ch]'
fence 'zlib' 'drivers/pad/screen\.c|backend/(store_filter|paper_picture)\.c'
fence 'qrencode' 'common/base/qr\.c'
fence 'jpeglib' 'common/base/jpeg\.c|drivers/scan/pack\.c|tests/.*'
fence 'utf8proc' 'common/base/text\.c'
fence 'curl' 'backend/outbox[a-z_]*\.c'
fence 'argon2' 'backend/password\.c'
fence 'cups' 'drivers/office/cups\.c'
fence 'sane/' 'drivers/scan/sane[a-z_]*\.[ch]'
fence 'winscard|PCSC/|reader\.h' 'drivers/card/pcsc\.c'
fence 'uv\.h' 'common/base/(http|httpc|pool)[a-z_]*\.[ch]|firmware/[a-z_]*\.[ch]|backend/[a-z_]*\.[ch]'
fence 'umockdev|gio/|glib' 'nowhere'

# --- limits ---
out=$(wc -l "${files[@]}" | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines"}')
[ -n "$out" ] && breach "$out" "file over 600 lines"
out=$(LC_ALL=C.UTF-8 grep -nE '^.{111,}' "${files[@]}" | cut -d: -f1,2)
[ -n "$out" ] && breach "$out" "line over 110 columns"
out=$(awk '
    FNR == 1 {open = 0; head = ""}
    /^\{/ && head ~ /\)[ \t]*$/ {open = FNR; name = head}
    /^}/ && open {
        if (FNR - open - 1 > 60) print FILENAME ":" open ": " FNR - open - 1 " lines: " name
        n = name; sub(/^[^(]*\(/, "", n); depth = 0; params = 1
        for (i = 1; i <= length(n); i++) {
            c = substr(n, i, 1)
            if (c == "(") depth++
            else if (c == ")") { if (depth == 0) break; depth-- }
            else if (c == "," && depth == 0) params++
        }
        if (params > 6) print FILENAME ":" open ": " params " parameters: " name
        open = 0
    }
    /^[A-Za-z_].*\(/ {head = $0; next}
    /^[ \t]/ && head != "" && head !~ /\)[ \t]*$/ {t = $0; sub(/^[ \t]+/, " ", t); head = head t; next}
    !/^\{/ {if (!open) head = ""}
' "${files[@]}")
[ -n "$out" ] && breach "$out" "function over 60 lines or 6 parameters"

# --- words ---
out=$(grep -nwE 'TODO|FIXME|XXX|HACK' "${files[@]}") && breach "$out" "left open"
out=$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|strtok|system)[ ]?\(' "${product[@]}") && breach "$out" "banned call"
out=$(grep -nE '^\s*goto |^typedef (struct|union|enum)' "${product[@]}" | grep -v '(\*') && breach "$out" "goto or typedef"
out=$(grep -nP '\x{015f}|\x{0163}|\x{015e}|\x{0162}' $(git ls-files -co --exclude-standard -- configs kiosk-ui backend drivers firmware common docs README.md |
    grep -vE '\.(png|woff2)$|node_modules|/dist/|text\.[ch]$|\.sql$') 2>/dev/null) && breach "$out" "cedilla letter"
out=$(git grep -nIE '(^|[^A-Za-z.])/(work|farm)/' -- . 2>/dev/null) && breach "$out" "path of one machine"

# --- look: clang-format, where it is installed ---
if command -v clang-format >/dev/null; then
    out=$(clang-format --dry-run "${files[@]}" 2>&1 | grep -E 'warning: code should' | cut -d: -f1 | sort | uniq -c)
    [ -n "$out" ] && breach "$out" "clang-format would change"
fi

# --- configuration: every JSON file parses, every sentence exists in three languages ---
if command -v node >/dev/null; then
    node tests/style/configs.mjs || bad=1
fi

[ $bad = 0 ] && echo "style: ${#files[@]} files hold the rules"
exit $bad
