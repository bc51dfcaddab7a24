#!/usr/bin/env bash
# Installs what some tests need beside Node and npm, from Debian's packages: a browser, to open reports in; Redis and
# PostgreSQL, to be stood before; etcd, to be recorded over HTTP/2; NATS, MariaDB, Galera (with rsync), ZooKeeper and
# RabbitMQ, to be hurt; curl and wrk, to drive what is recorded; protoc, whose descriptors are read; Python, to serve
# documents; haproxy, to be measured against; nginx, to stand before web servers in containers; nftables, to redirect
# connections; docker and podman, podman-compose, docker-compose (which scales projects, on podman's socket), netavark,
# iptables, aardvark-dns and runc, to run containers with networks in which they find each other by name; newuidmap and
# slirp4netns, to run them without root; ip, to give links addresses; xmllint, to validate JUnit reports; zsh and fish,
# to complete command lines. Without them those tests are reported as skipped, by name.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
command -v redis-server >/dev/null || packages+=(redis-server)
command -v redis-cli >/dev/null || packages+=(redis-tools)
command -v psql >/dev/null || packages+=(postgresql-client)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || packages+=(mariadb-server)
compgen -G '/usr/lib*/galera*/libgalera_smm.so' >/dev/null || packages+=(galera-4)
command -v rsync >/dev/null || packages+=(rsync)
command -v etcd >/dev/null || packages+=(etcd-server)
[ -x /usr/sbin/nats-server ] || command -v nats-server >/dev/null || packages+=(nats-server)
[ -e /usr/share/java/zookeeper.jar ] || packages+=(zookeeper)
command -v java >/dev/null || packages+=(default-jre-headless)
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || packages+=(rabbitmq-server)
command -v etcdctl >/dev/null || packages+=(etcd-client)
command -v protoc >/dev/null || packages+=(protobuf-compiler)
command -v python3 >/dev/null || packages+=(python3)
command -v curl >/dev/null || packages+=(curl)
command -v wrk >/dev/null || packages+=(wrk)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx)
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || packages+=(nftables)
command -v podman >/dev/null || packages+=(podman)
command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] || packages+=(docker.io)
command -v xmllint >/dev/null || packages+=(libxml2-utils)
[ -x /usr/lib/podman/netavark ] || packages+=(netavark)
[ -x /usr/lib/podman/aardvark-dns ] || packages+=(aardvark-dns)
[ -x /usr/sbin/iptables ] || packages+=(iptables)
command -v newuidmap >/dev/null || packages+=(uidmap)
command -v slirp4netns >/dev/null || packages+=(slirp4netns)
command -v ip >/dev/null || packages+=(iproute2)
command -v podman-compose >/dev/null || packages+=(podman-compose)
command -v docker-compose >/dev/null || packages+=(docker-compose)
command -v zsh >/dev/null || packages+=(zsh)
command -v fish >/dev/null || packages+=(fish)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || packages+=(libfaketime)
command -v runc >/dev/null || [ -x /usr/sbin/runc ] || packages+=(runc)

if [ ${#packages[@]} -eq 0 ]; then
  echo "Everything is installed already."
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Run it as root: sudo bash scripts/install-servers.sh" >&2
  exit 4
fi

# Debian starts a server once it is installed, on its usual port. The tests start their own, on ports of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -qy --no-install-recommends "${packages[@]}"
