import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Endpoint, quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { PeerFinder } from './peers.ts'
import { findBySocketOwner } from './socket-owner.ts'

/** Whether pid files may identify peers. An API request must not make the server read local files. */
export type PidFiles = 'allowed' | 'refused'

/**
 * Parses the nodes that may dial a route. `{"n1":4711,"n2":"/run/n2.pid"}` gives each node's process by its number or
 * by a pid file, which is read for every connection because nodes restart.
 *
 * @throws UserError (input) with a message that begins with `where`; (environment) if not on Linux.
 */
export function parsePeers(value: unknown, where: string, pidFiles: PidFiles): PeerFinder {
  const entries = Object.entries(readObject(value, where))
  if (entries.length === 0) throw inputError(`${where}: give a process for each name, as in {"n1":4711}.`)
  const sources = entries.map(
    ([endpoint, source]) => [endpoint, readSource(source, `${where}: ${quote(endpoint)}`, pidFiles)] as const,
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

function readSource(source: unknown, where: string, pidFiles: PidFiles): number | string {
  if (typeof source === 'number' && Number.isSafeInteger(source) && source > 0) return source
  if (pidFiles === 'refused')
    throw inputError(`${where} is ${quote(source)}. Give a process id; only a config file may name a pid file.`)
  if (typeof source === 'string' && source !== '') return source
  throw inputError(`${where} is ${quote(source)}. Give a process id, or the name of a file that holds one.`)
}

/** Reads a pid file, which is absent or empty while its node is not running. */
export async function pidIn(path: string): Promise<number | undefined> {
  const pid = Number((await contentOf(path).catch(() => '')).trim())
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/** Reads a regular file, if it is short. Devices and pipes have no end, and would block or fill memory. */
async function contentOf(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) return ''
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_PID_FILE + 1))
    return bytesRead > LONGEST_PID_FILE ? '' : buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const LONGEST_PID_FILE = 32
