#!/bin/sh
# The browser tests need Chromium and Node. CI installs them; elsewhere that is yours to decide,
# and without them these tests are left out.
command -v chromium >/dev/null && command -v node >/dev/null && exit 0
[ "$CI" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
echo "set-up: Chromium and Node, for the browser tests"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -yqq chromium nodejs >/dev/null
