import * as sql from '../sql/scripts.ts'

// The scripts of a node.
//
// The directory of a node contains:
//
// - `db`: the data directory of its server;
// - `port` and `server`: the port and the process of its server;
// - `follow-n2.sql` and so on, one file for each other node: makes this node replicate from the other node;
// - `follow.sql`, except on a primary: a copy of one of these files, for the node that this node follows;
// - `lead.sql`: makes this node the primary;
// - `leads`, on a primary: the number of earlier promotions, and the number of the node's last change when it was
//   promoted.
//
// The primary is the node with the most promotions in its file `leads`. Other nodes with this file are replaced
// primaries that have not restarted.
//
// n1 keeps a copy of its data from before its first start. Replicas and replaced primaries start from this copy. They
// replicate all later changes, so no node drops its binary logs.

/** Defines `ask`, which sends a statement to a node's server, past all proxies. */
const ASK = `ask() {
  timeout 5 "$client" --no-defaults -h 127.0.0.1 -P "$(cat "$1/port")" -u keeper --connect-timeout=2 -E -e "$2"
}
`

/** CREATE DATA INSTALL: creates the data directory `new`, which contains the database of the clients and its users. */
export const CREATE = `set -e
cd "$1"
rm -rf new
cat > users.sql << 'END'
FLUSH PRIVILEGES;
CREATE DATABASE chaos;
CREATE USER 'chaos'@'%' IDENTIFIED BY '';
GRANT ALL ON chaos.* TO 'chaos'@'%';
CREATE USER 'keeper'@'%' IDENTIFIED BY '';
GRANT ALL ON *.* TO 'keeper'@'%';
END
"$2" --no-defaults --datadir="$PWD/new" --auth-root-authentication-method=normal --skip-test-db \\
  --extra-file="$PWD/users.sql" --innodb-log-file-size=8M --innodb-buffer-pool-size=16M`

/**
 * The shell script that creates the cluster on node n1. Its arguments are the data directory and the program
 * `mariadb-install-db`.
 */
export const MAKE: string = `${CREATE}
cp -a new db
echo 0 0 > leads
mv new template`

/** COPY DATA: a replica starts from the copy that n1 keeps. */
export const COPY: string = `${sql.COPY}
cp follow-n1.sql follow.sql`

/**
 * SERVE DATA SERVER PORT NUMBER OPTIONS…: runs the server. If the file `rejoin` exists, the server was a primary and
 * has been replaced. It then becomes a replica, which starts from the initial data that n1 keeps. It gets a new number,
 * because a server skips changes with its own number.
 */
export const SERVE: string = `data=$1; program=$2; port=$3; number=$4; shift 4
cd "$data" || exit 1
echo "$port" > port
[ -e number ] || echo "$number" > number
server=
ending=
trap 'ending=1; [ -z "$server" ] || kill -KILL "$server"' TERM INT
while :; do
  if [ -e rejoin ]; then
    rm -rf db && cp -a ../n1/template db && rm -f leads rejoin
    echo $(($(cat number) + 10)) > number
  fi
  role=lead
  [ ! -e follow.sql ] || role=follow
  "$program" --no-defaults --datadir="$PWD/db" --tmpdir="$PWD" --port="$port" --server-id="$(cat number)" \\
    "$@" --init-file="$PWD/$role.sql" &
  server=$!
  echo "$server" > server
  # It may have been replaced since.
  [ ! -e rejoin ] || kill -KILL "$server"
  ${sql.UNLESS_REJOINING}
done`

/**
 * PROMOTE DATA NODE CLIENT: promotes a replica once it has applied everything it received. Refuses a replica that was
 * just rebuilt, or that has received fewer changes than another replica.
 */
export const PROMOTE: string = `cd "$1" || exit 1
client=$3
${ASK}
received() {
  ask "$1" 'SHOW SLAVE STATUS; SELECT @@gtid_slave_pos' | grep -oE '[0-9]+-[0-9]+-[0-9]+' | sort -t - -k 3 -n | tail -n 1
}
[ ! -e leads ] && [ ! -e rejoin ] || exit 1
others=
for other in ../n*; do
  [ -e "$other/leads" ] || [ "$(basename "$other")" = "$2" ] || others="$others $other"
done
# The last one has received most.
for replica in $others .; do ask "$replica" 'STOP SLAVE IO_THREAD'; done
last=$(cat ../n*/leads | sort -n | tail -n 1)
position=$(received .)
newest=\${last#* }
for other in $others; do
  more=$(received "$other")
  [ "\${more##*-}" -gt "$newest" ] 2> /dev/null && newest=\${more##*-}
done
if ! { [ "\${position##*-}" -ge "$newest" ] 2> /dev/null && ask . "SELECT MASTER_GTID_WAIT('$position', 4)" | grep -q ': 0$'; }; then
  for replica in . $others; do ask "$replica" 'START SLAVE IO_THREAD'; done
  exit 1
fi
ask . "STOP SLAVE; RESET SLAVE ALL; $(cat lead.sql)" || exit 1
echo "$((\${last% *} + 1)) \${position##*-}" > leads
rm -f follow.sql
for other in ../n*; do
  [ "$(basename "$other")" != "$2" ] || continue
  cp "$other/follow-$2.sql" "$other/follow.sql"
  if [ -e "$other/leads" ]; then : > "$other/rejoin"
  else ask "$other" "$(cat "$other/follow.sql")"
  fi
done
exit 0`

/**
 * REJOIN DATA NODE CLIENT: restarts every server that does not follow the primary, so that it becomes a replica. Looks
 * up the primary again, because a node other than NODE may have been promoted meanwhile.
 */
export const REJOIN: string = `cd "$1" || exit 1
client=$3
${ASK}
follows() {
  status=$(ask "$1" 'SHOW SLAVE STATUS')
  case $status in *'SQL_Running: Yes'*) ;; *) return 1 ;; esac
  case $status in *'IO_Running: Yes'*) ;; *) return 1 ;; esac
  echo "$status" | grep -q "Master_Port: $(sed -n "s/.*master_port = \\([0-9]*\\),.*/\\1/p" "$1/follow.sql")$"
}
primary=$(grep -H . ../n*/leads | sed 's/^\\(.*\\)leads:/\\1 /' | sort -k 2 -n | tail -n 1)
primary=\${primary%%/ *}
left=30
for other in ../n*; do
  [ "$other" != "$primary" ] || continue
  while [ ! -e "$other/rejoin" ] && ! follows "$other"; do
    left=$((left - 1))
    if [ "$left" -le 0 ] || ! kill -0 "$(cat "$other/server")" 2> /dev/null; then : > "$other/rejoin"; else sleep 0.1; fi
  done
  [ -e "$other/rejoin" ] || continue
  server=$(cat "$other/server")
  kill -KILL "$server" || continue
  ${sql.UNTIL_ENDED}
done
exit 0`

/** ROLE DATA: prints whether the node leads, and how many promotions came before the promotion of this node. */
export const ROLE = `cd "$1" || exit 1
if [ -e leads ]; then echo "primary $(cat leads)"; else echo replica; fi`
