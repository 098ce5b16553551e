#!/usr/bin/env bash
# Makes the pictures of README anew: the messages of the demo, as a browser shows them. It needs Node.js 20 with npm,
# Chromium and fonts-liberation, whose letters look the same on every machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm ci --prefix tests/email-lint --no-audit --no-fund
cargo run --locked -- demo --out "$work/demo"
node tests/email-lint/pictures.mjs "$work/demo/messages" docs/pictures
