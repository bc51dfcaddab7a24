import * as v from 'valibot'
import { type ClientKind, keys } from '../../clients/client-kind.ts'
import { compileKeyNames } from '../../clients/keys.ts'
import type { PlannedClients } from '../../clients/planned-clients.ts'
import { etcdClients, wholeFunctions } from './clients.ts'
import { ownOperations } from './operations.ts'

/** Operations on etcd, over its JSON gateway: `"client": {"kind": "etcd", "keys": "chaos-{run}-{key}"}`. */
export interface EtcdDeclaration {
  readonly kind: 'etcd'
  readonly keys?: string | undefined
  /** `serializable`: each member answers reads from its own data, which may be stale. */
  readonly reads?: (typeof etcdReads)[number] | undefined
}

const etcdReads = ['linearizable', 'serializable'] as const

/** Clients of a user's etcd. The key names differ in every run. */
export const etcdKind: ClientKind<EtcdDeclaration> = {
  kind: 'etcd',
  entries: {
    keys,
    reads: v.optional(
      v.pipe(
        v.picklist(etcdReads, `must be ${etcdReads.join(', ')}`),
        v.description("serializable: from the asked member's own data [default: linearizable]"),
      ),
    ),
  },
  plan: planEtcd,
}

function planEtcd({ keys: names = '{key}', reads = 'linearizable' }: EtcdDeclaration, where: string): PlannedClients {
  const namesFor = compileKeyNames(names, where)
  const plain = etcdClients({ reads, update: 'txn', fencing: true, ttl: 10 })
  return {
    ...plain,
    // Excludes watches: they read whole ranges of keys, so they cannot share an etcd with other programs.
    functions: [...new Set([...Object.keys(ownOperations), ...wholeFunctions])],
    async open(options) {
      const nameKey = namesFor(options.run ?? Date.now().toString(36))
      const opened = await plain.open(options)
      return {
        ...opened,
        connect(address) {
          const client = opened.connect(address)
          return {
            ...client,
            invoke(request, timeoutMs, completed) {
              const { input } = request
              const named = input.key === undefined ? input : { ...input, key: nameKey(input.key) }
              client.invoke({ ...request, input: named }, timeoutMs, completed)
            },
          }
        },
      }
    },
  }
}
