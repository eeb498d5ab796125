#!/usr/bin/env bash
# Puts a real VS Code (code-server) and a driver for Chromium into .cache/vscode, once.
# `node` and `npm` on PATH are those that it will run on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cache=$(cd ../.. && pwd)/.cache/vscode
if cmp --silent package-lock.json "$cache/installed"; then exit 0; fi

mkdir -p "$cache"
cp package.json package-lock.json .npmrc "$cache/"
cd "$cache"
rm -f installed
npm ci --ignore-scripts --silent
# The headers of the Node that runs it lie beside it.
npm_config_nodedir=$(dirname "$(dirname "$(realpath "$(command -v node)")")")
export npm_config_nodedir
npm rebuild --silent --foreground-scripts code-server argon2 >build.log 2>&1 || {
  tail -n 40 build.log >&2
  exit 1
}
cp package-lock.json installed
