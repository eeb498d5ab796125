#!/usr/bin/env bash
# Builds dist/agentls-TARGET-VERSION.vsix for each target: `portable` runs anywhere,
# the others have the terminal emulator of that platform too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
version=$(node -p 'require("./package.json").version')
mkdir -p "$root/dist"

for target in ${VSIX_TARGETS:-portable linux-x64 linux-arm64 darwin-arm64}; do
  "$root/.venv/bin/python" bundle.py "$target"
  out=$root/dist/agentls-$target-$version.vsix
  platform=(--target "$target")
  if [ "$target" = portable ]; then platform=(); fi
  node_modules/.bin/vsce package --no-dependencies --allow-missing-repository --no-rewrite-relative-links \
    "${platform[@]}" --out "$out" >/dev/null
  size=$(wc -c <"$out")
  echo "dist/${out##*/}: $((size / 1000)) KB"
  if ((size > 5000000)); then
    echo "That is more than 5 MB." >&2
    exit 1
  fi
done
