import type { Input } from '@chaosproxy/history'
import type { AskedOperations, Client } from '@chaosproxy/runner'
import { numberOf, type Settings } from '@chaosproxy/workloads'
import type { NodeAddress, PlannedClients } from '../../clients/planned-clients.ts'
import { openGateway } from './gateway.ts'
import { openLocks } from './locks.ts'
import type { Keeping, Operation } from './operation.ts'
import { operations } from './operations.ts'
import type { WatchStream } from './watch-stream.ts'

/**
 * Clients of etcd over its JSON gateway: keep-alive, and no request is sent twice. Their own reports are the history:
 * one operation may take several requests, and keys and values are base64, so the proxy could not record them.
 */
export const etcdClients = (settings: Settings): PlannedClients => ({
  functions: Object.keys(operations),
  sessions: undefined,
  carries: () => ({ kind: 'http', table: undefined, websocket: false }),
  async open({ asked }) {
    const locks = openLocks({ ttlSeconds: numberOf(settings, 'ttl'), fencing: settings['fencing'] === true })
    const keeping: Keeping = {
      as: isOfElements(asked) ? 'elements' : 'value',
      initial: asked.initial,
      update: settings['update'] === 'lock' ? 'lock' : 'txn',
      locks,
    }
    const serializable = settings['reads'] === 'serializable'
    return {
      connect: (address) => etcdClient(address, { keeping, serializable }),
      close: async () => locks.close(),
    }
  },
})

/** A set is added to and read as a list. A counter is also added to, but its initial value is a number. */
const isOfElements = ({ functions, initial }: AskedOperations): boolean =>
  functions.includes('add') && typeof initial !== 'number'

interface Shared {
  readonly keeping: Keeping
  readonly serializable: boolean
}

/** The pause before retrying a transaction that conflicted. */
const PAUSE_MS = 5

function etcdClient(address: NodeAddress, { keeping, serializable }: Shared): Client {
  const gateway = openGateway(address)
  const streams = new Map<number, WatchStream>()

  function begin(timeoutMs: number): Operation {
    const deadline = performance.now() + timeoutMs
    const remainingMs = () => deadline - performance.now()
    return {
      address,
      serializable,
      streams,
      remainingMs,
      ask: (path, request) => gateway.ask(path, request, remainingMs()),
      async pause() {
        if (remainingMs() <= PAUSE_MS) return false
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        return true
      },
    }
  }

  return {
    invoke({ input, harmless }, timeoutMs, completed) {
      performed(begin(timeoutMs), input, keeping).then((completion) =>
        completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
      )
    },
    close() {
      gateway.close()
      for (const stream of streams.values()) stream.close()
      streams.clear()
    },
  }
}

async function performed(operation: Operation, input: Input, keeping: Keeping) {
  const perform = operations[input.f]
  if (perform === undefined) throw new Error(`etcd's clients are not asked to ${input.f}`)
  return perform(operation, input, keeping)
}
