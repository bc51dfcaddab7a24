import { environmentError, type Json } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import { isTrouble, type NodeAddress, type PlannedClients, performingClient } from '@chaosproxy/targets/database'
import { numberOf, type Settings } from '@chaosproxy/workloads'
import { openLocks } from './locks.ts'
import { type Keeping, onObject } from './objects.ts'
import { openSessions } from './session.ts'
import { create, isThere, ROOT } from './znodes.ts'

/**
 * The timeout of a client's session. It may be longer than any run, because no object depends on the end of this
 * session.
 */
const SESSION_MS = 3_600_000

/**
 * Clients of ZooKeeper. Each client stays with one server, and sends no request twice. The history consists of the
 * clients' reports, because an operation may take several requests.
 */
export const zookeeperClients = (settings: Settings): PlannedClients => ({
  functions: ['read', 'write', 'cas', 'add', 'acquire', 'release'],
  sessions: undefined,
  carries: () => undefined,
  open: async ({ operations }) => ({
    prepare: makeRoot,
    connect: (address) => zookeeperClient(address, settings, operations.initial),
    close: async () => {},
  }),
})

function zookeeperClient(address: NodeAddress, settings: Settings, initial: Json): Client {
  const sessions = openSessions(address, SESSION_MS)
  const locks = openLocks(address, numberOf(settings, 'ttl') * 1000)
  const keeping: Keeping = {
    ...{ initial, locks, sync: settings['sync'] === true, fencing: settings['fencing'] === true },
    update: settings['update'] === 'lock' ? 'lock' : 'version',
  }
  return performingClient({
    perform: (input, timeoutMs) => onObject(sessions.begin(timeoutMs), input, keeping),
    close() {
      sessions.close()
      locks.close()
    },
  })
}

/** Creates the parent of all objects, once there is a leader. */
async function makeRoot([first]: readonly NodeAddress[], timeoutMs: number): Promise<void> {
  if (first === undefined) throw new Error('a cluster without nodes')
  const sessions = openSessions(first, SESSION_MS)
  const asking = sessions.begin(timeoutMs)
  let trouble: string
  try {
    do {
      const made = await create(asking, ROOT, null)
      if (!isTrouble(made) || isThere(made)) return
      trouble = made.error
    } while (await asking.pause())
  } finally {
    sessions.close()
  }
  throw environmentError(`zookeeper: ${ROOT} could not be created within ${timeoutMs} ms: ${trouble}.`)
}
