import type { Client, RequestedOperations } from '@chaosproxy/runner'
import { numberOf, type Settings } from '@chaosproxy/workloads'
import { startOperation } from '../../clients/operation-time.ts'
import { performingClient } from '../../clients/performing.ts'
import type { NodeAddress, PlannedClients } from '../../clients/planned-clients.ts'
import { openGateway } from './gateway.ts'
import { openLocks } from './locks.ts'
import type { Keeping, Operation, Perform } from './operation.ts'
import { operations } from './operations.ts'
import type { WatchStream } from './watch-stream.ts'
import { wholeObjects, wholeOperation } from './whole-objects.ts'

/**
 * Clients of etcd over its JSON gateway. No request is sent twice. The clients' own reports are the history: an
 * operation may take several requests, so the proxy could not record it.
 */
export const etcdClients = (settings: Settings): PlannedClients => ({
  functions: [...new Set([...Object.keys(operations), ...wholeFunctions])],
  sessions: undefined,
  carries: () => ({ kind: 'http', table: undefined, websocket: false }),
  async open({ operations: requested, nodes }) {
    const locks = openLocks({
      ttlSeconds: numberOf(settings, 'ttl'),
      fencing: settings['fencing'] === true,
      keptAliveBy: settings['keep-alives'] === 'following' ? 'following' : 'granting',
      members: () => nodes().map(({ node }) => node),
    })
    const keeping: Keeping = {
      as: isOfElements(requested) ? 'elements' : 'value',
      initial: requested.initial,
      update: settings['update'] === 'lock' ? 'lock' : 'txn',
      locks,
    }
    const serializable = settings['reads'] === 'serializable'
    const performOf = operationsFor(requested)
    return {
      connect: (address) => etcdClient(address, { keeping, serializable, performOf }),
      close: async () => locks.close(),
    }
  },
})

/** If the initial value is a number, `add` belongs to a counter. */
const isOfElements = ({ functions, initial }: RequestedOperations): boolean =>
  functions.includes('add') && typeof initial !== 'number'

export const wholeFunctions: readonly string[] = wholeObjects.flatMap(({ functions }) => functions)

/** Returns the implementations for the kind of object that supports all these functions. */
function operationsFor({ functions }: RequestedOperations): (f: string) => Perform | undefined {
  const whole = functions.every((f) => Object.hasOwn(operations, f))
    ? undefined
    : wholeObjects.find((object) => functions.every((f) => object.functions.includes(f)))
  if (whole === undefined) return (f) => operations[f]
  const perform = wholeOperation(whole)
  return () => perform
}

interface Shared {
  readonly keeping: Keeping
  readonly performOf: (f: string) => Perform | undefined
  readonly serializable: boolean
}

function etcdClient(address: NodeAddress, { keeping, serializable, performOf }: Shared): Client {
  const gateway = openGateway(address)
  const streams = new Map<number, WatchStream>()

  function begin(timeoutMs: number): Operation {
    const time = startOperation(timeoutMs)
    return {
      ...time,
      address,
      serializable,
      streams,
      ask: (path, request) => gateway.ask(path, request, time.remainingMs()),
    }
  }

  return performingClient({
    perform(input, timeoutMs) {
      const perform = performOf(input.f)
      if (perform === undefined) throw new Error(`etcd's clients do not support the operation ${input.f}`)
      return perform(begin(timeoutMs), input, keeping)
    },
    close() {
      gateway.close()
      for (const stream of streams.values()) stream.close()
      streams.clear()
    },
  })
}
