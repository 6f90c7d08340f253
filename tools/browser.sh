#!/bin/sh
# The tests of the playground need Chromium, Node and npm. CI installs them; elsewhere that is yours
# to decide, and without them these tests are left out.
command -v chromium >/dev/null && command -v node >/dev/null && command -v npm >/dev/null && exit 0
[ -n "$CHROMIUM" ] && command -v node >/dev/null && exit 0
[ "$CI" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
echo "set-up: Chromium and Node, for the tests of the playground"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -yqq chromium nodejs npm >/dev/null
