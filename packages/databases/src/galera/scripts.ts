import { CREATE } from '../mariadb/scripts.ts'

// The scripts of a node. A node's directory contains the data in `db` and, after the first start, the file `served`. n1
// also keeps `template`, a copy of the data from which the other nodes start.

/**
 * MAKE DATA INSTALL SERVER OPTIONS…: creates the data on n1, and briefly runs a new cluster with this data. The data
 * then contains a position in the cluster's sequence of transactions. A node that starts with a copy of the data
 * receives only the transactions after this position.
 */
export const MAKE: string = `${CREATE}
shift 2
"$@" --datadir="$PWD/new" --tmpdir="$PWD" --wsrep-new-cluster > first.log 2>&1 &
server=$!
trap 'kill -KILL "$server"' TERM INT
until grep -q 'Synchronized with group' first.log; do
  kill -0 "$server" 2> /dev/null || { cat first.log; exit 1; }
  sleep 0.05
done
kill -TERM "$server"
wait "$server"
rm -f new/gvwstate.dat new/galera.cache
cp -a new db
mv new template`

/**
 * SERVE DATA NUMBER SERVER OPTIONS…: runs the server. A restart first asks the storage engine for the node's position
 * in the sequence of transactions, which a killed server has not written down.
 */
export const SERVE = `cd "$1" || exit 1
number=$2
shift 2
set -- "$@" --datadir="$PWD/db" --tmpdir="$PWD"
if [ -e served ]; then
  "$@" --wsrep-recover > recovery.log 2>&1
  position=$(sed -n 's/.*Recovered position: *//p' recovery.log | tail -n 1)
  if [ -n "$position" ]; then set -- "$@" --wsrep-start-position="$position"; else cat recovery.log; fi
else
  : > served
  [ "$number" -ne 1 ] || set -- "$@" --wsrep-new-cluster
fi
exec "$@"`

/** SERVING CLIENT HOST PORT HOST PORT …: waits until the servers at all these addresses accept commands. */
export const SERVING = `client=$1
shift
while [ "$#" -gt 0 ]; do
  until "$client" --no-defaults -h "$1" -P "$2" -u keeper --connect-timeout=2 -e 'SELECT 1' > /dev/null 2>&1; do sleep 0.1; done
  shift 2
done`
