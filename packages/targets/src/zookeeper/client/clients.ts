import { UserError } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import type { Settings } from '@chaosproxy/workloads'
import type { NodeAddress, PlannedClients } from '../../clients/planned-clients.ts'
import { isTrouble, openSessions } from './session.ts'
import { create, isThere, onRegister, ROOT } from './znodes.ts'

/** No node of a register depends on its session, so it may last longer than any run. */
const SESSION_MS = 3_600_000

/**
 * Clients of ZooKeeper, in its own protocol: each stays with one server, and no request is sent twice. Their own reports
 * are the history: one operation may take several requests.
 */
export const zookeeperClients = (settings: Settings): PlannedClients => ({
  functions: ['read', 'write', 'cas'],
  sessions: undefined,
  carries: () => undefined,
  open: async () => ({
    prepare: makeRoot,
    connect: (address) => zookeeperClient(address, settings['sync'] === true),
    close: async () => {},
  }),
})

function zookeeperClient(address: NodeAddress, sync: boolean): Client {
  const sessions = openSessions(address, SESSION_MS)
  return {
    invoke({ input, harmless }, timeoutMs, completed) {
      onRegister(sessions.begin(timeoutMs), input, sync).then((completion) =>
        completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
      )
    },
    close: () => sessions.close(),
  }
}

/** Makes the node under which registers are, once the servers have chosen a leader. */
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
  throw new UserError('environment', `zookeeper: ${ROOT} could not be created within ${timeoutMs} ms: ${trouble}.`)
}
