#!/bin/sh
# Builds the kiosk pages into kiosk-ui/dist and the clerk's desk into kiosk-ui/dist/desk with Debian's esbuild.
# Preact and htm come from package-lock.json. Prints the size of each first page and fails above its budget:
# kiosk 50 KB gzip (JS alone 40 KB), desk 60 KB.
set -eu
cd "$(dirname "$0")"
out=${1:-dist}
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-fund --no-audit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
node dev/strings.mjs ../configs/i18n "$tmp/strings.js"
mkdir -p "$tmp/dist/assets"
cp index.html "$tmp/dist/index.html"
cp icon.svg "$tmp/dist/assets/icon.svg"
NODE_PATH=$PWD/node_modules esbuild kiosk/main.js --bundle --minify --format=esm --target=chrome110 \
  --charset=utf8 --alias:ui-strings="$tmp/strings.js" --legal-comments=none --log-level=warning \
  --outfile="$tmp/dist/assets/app.js"
sed -i 's/^ *//' "$tmp/dist/assets/app.js" # only templates have lines left, and their indentation is not theirs
esbuild css/app.css --bundle --minify --target=chrome110 --charset=utf8 --log-level=warning \
  --outfile="$tmp/dist/assets/app.css"
node dev/strings.mjs ../configs/i18n/desk "$tmp/desk-words/"
mkdir -p "$tmp/dist/desk/assets"
cp desk/index.html "$tmp/dist/desk/index.html"
cp icon.svg "$tmp/dist/desk/assets/icon.svg"
NODE_PATH=$PWD/node_modules esbuild desk=desk/main.js --bundle --splitting --minify --format=esm --target=chrome110 \
  --charset=utf8 --alias:desk-words="$tmp/desk-words" --legal-comments=none --log-level=warning \
  --outdir="$tmp/dist/desk/assets"
esbuild css/desk.css --bundle --minify --target=chrome110 --charset=utf8 --log-level=warning \
  --outfile="$tmp/dist/desk/assets/desk.css"
# size NAME FOLDER SCRIPT STYLE MOST MOST-JS
size() {
  js=0
  for part in "$3" $(grep -oE '(from|import)"\./[^"]+"' "$2/assets/$3" | sed 's|.*"\./||;s|"||'); do # what the script itself needs at once
    js=$((js + $(gzip -9 -c "$2/assets/$part" | wc -c)))
  done
  css=$(gzip -9 -c "$2/assets/$4" | wc -c)
  html=$(gzip -9 -c "$2/index.html" | wc -c)
  total=$((js + css + html))
  echo "$1: first page $total bytes gzip (js $js, css $css, html $html)"
  if [ "$total" -gt "$5" ] || [ "$js" -gt "$6" ]; then
    echo "$1: above the budget of $5 (js $6)" >&2
    exit 1
  fi
}
size kiosk-ui "$tmp/dist" app.js app.css 51200 40960
size desk "$tmp/dist/desk" desk.js desk.css 61440 61440
mkdir -p "$out"
rm -rf "$out/assets" "$out/desk" "$out/index.html"
mv "$tmp/dist/assets" "$tmp/dist/desk" "$tmp/dist/index.html" "$out/"
