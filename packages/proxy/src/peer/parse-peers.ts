import { readFile } from 'node:fs/promises'
import { type Endpoint, quote, readObject } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { PeerFinder } from './peers.ts'
import { findBySocketOwner } from './socket-owner.ts'

/**
 * Parses who may dial a route and how to identify them. `{"n1":4711,"n2":"/run/n2.pid"}` gives each node's process, by
 * its number or by a pid file, which is read for every connection because nodes restart.
 *
 * @throws UserError (input) that begins with `where`; (environment) if not on Linux.
 */
export function parsePeers(value: unknown, where: string): PeerFinder {
  const entries = Object.entries(readObject(value, where))
  if (entries.length === 0) throw new UserError('input', `${where}: no process is given, as in {"n1":4711}.`)
  const sources = entries.map(
    ([endpoint, source]) => [endpoint, readSource(source, `${where}: ${quote(endpoint)}`)] as const,
  )
  return findBySocketOwner(async () => {
    const processes: Map<Endpoint, number> = new Map()
    for (const [endpoint, source] of sources) {
      const pid = typeof source === 'number' ? source : await pidIn(source)
      if (pid !== undefined) processes.set(endpoint, pid)
    }
    return processes
  })
}

function readSource(source: unknown, where: string): number | string {
  if (typeof source === 'number' && Number.isSafeInteger(source) && source > 0) return source
  if (typeof source === 'string' && source !== '') return source
  throw new UserError('input', `${where} is ${quote(source)}. Give a process id, or the name of a file that holds one.`)
}

/** A node that is not running has no pid file, or an empty one. */
async function pidIn(path: string): Promise<number | undefined> {
  const pid = Number((await readFile(path, 'latin1').catch(() => '')).trim())
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}
