#!/usr/bin/env bash
# Installs what some tests need beside Node and npm, from Debian's packages: a browser, to open reports in, Redis,
# to be recorded, and nftables, to redirect connections. Without them those tests are reported as skipped, by name.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
command -v redis-server >/dev/null || packages+=(redis-server)
command -v redis-cli >/dev/null || packages+=(redis-tools)
command -v nft >/dev/null || packages+=(nftables)

if [ ${#packages[@]} -eq 0 ]; then
  echo "Everything is installed already."
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Run it as root: sudo bash scripts/install-servers.sh" >&2
  exit 4
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -qy --no-install-recommends "${packages[@]}"
