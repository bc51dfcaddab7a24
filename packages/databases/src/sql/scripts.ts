// The parts that the scripts of several databases share.

/**
 * Returns a function that forms the commands of a database's scripts. The first argument of each script is the node's
 * data directory.
 */
export function scriptsOf(name: string): (text: string, ...words: readonly string[]) => readonly string[] {
  return (text, ...words) => ['/bin/sh', '-c', text, name, '{data}', ...words]
}

/** COPY DATA: a node starts from the copy that n1 keeps. */
export const COPY = `set -e
cd "$1"
until [ -e ../n1/template ]; do sleep 0.02; done
cp -a ../n1/template db`

/**
 * A part of the loop that runs `$server`. It waits until the server ends. Then it ends the script, unless the server
 * must rejoin the cluster.
 */
export const UNLESS_REJOINING = `code=0
  while kill -0 "$server" 2> /dev/null; do wait "$server"; code=$?; done
  server=
  [ -z "$ending" ] && [ -e rejoin ] || exit "$code"`

/** In a loop over the nodes: waits up to five seconds for the end of `$server`. */
export const UNTIL_ENDED = `ending=100
  while kill -0 "$server" 2> /dev/null && [ "$ending" -gt 0 ]; do
    ending=$((ending - 1))
    sleep 0.05
  done`
