#!/usr/bin/env bash
# Puts the agents that registries have, at the versions of the locks, into .cache/agents,
# once. `node` and `npm` on PATH are those that they will run on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cache=$(cd ../.. && pwd)/.cache/agents
if cmp --silent <(cat package-lock.json aider.txt) "$cache/installed"; then exit 0; fi

mkdir -p "$cache/bin"
rm -f "$cache/installed"
cp package.json package-lock.json .npmrc "$cache/"
# Not `npm ci`: it refuses a lock file in which packages for other machines are missing
# that their registry lacks. This takes the locked versions too, and checks them.
(cd "$cache" && npm install --ignore-scripts --no-audit --no-fund --silent)
# These two only put the program that npm brought for this machine in its place.
(cd "$cache/node_modules/@anthropic-ai/claude-code" && node install.cjs)
(cd "$cache/node_modules/opencode-ai" && node postinstall.mjs)
# Aider has many and old dependencies: a virtual environment of its own.
[ -x "$cache/aider/bin/python" ] || python3 -m venv "$cache/aider"
"$cache/aider/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  --only-binary :all: -r aider.txt
for agent in claude codex copilot gemini opencode qwen; do
  ln -sfn "../node_modules/.bin/$agent" "$cache/bin/$agent"
done
ln -sfn ../aider/bin/aider "$cache/bin/aider"
cat package-lock.json aider.txt >"$cache/installed"
