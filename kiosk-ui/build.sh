#!/bin/sh
# Builds the kiosk pages into kiosk-ui/dist with Debian's esbuild. Preact and htm come from package-lock.json.
# Prints the size of the first page and fails above the budget of 50 KB gzip (JS alone 40 KB).
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
esbuild css/app.css --bundle --minify --target=chrome110 --charset=utf8 --log-level=warning \
  --outfile="$tmp/dist/assets/app.css"
size() { gzip -9 -c "$@" | wc -c; }
js=$(size "$tmp/dist/assets/app.js")
css=$(size "$tmp/dist/assets/app.css")
html=$(size "$tmp/dist/index.html")
total=$((js + css + html))
echo "kiosk-ui: first page $total bytes gzip (js $js, css $css, html $html)"
if [ "$total" -gt 51200 ] || [ "$js" -gt 40960 ]; then
  echo "kiosk-ui: above the budget of 51200 (js 40960)" >&2
  exit 1
fi
mkdir -p "$out"
rm -rf "$out/assets" "$out/index.html"
mv "$tmp/dist/assets" "$tmp/dist/index.html" "$out/"
