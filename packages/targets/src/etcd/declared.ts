import { compileKeyNames } from '../clients/keys.ts'
import type { PlannedClients } from '../clients/planned-clients.ts'
import { etcdClients } from './clients.ts'
import type { EtcdDeclaration } from './declaration.ts'

/** Operations of watches read whole ranges of keys, and so cannot share an etcd with other programs. */
const FUNCTIONS: readonly string[] = [
  ...['read', 'write', 'cas', 'append', 'add', 'subtract', 'remove', 'contains', 'acquire', 'release'],
]

/** Clients of an etcd of the user's: its members are asked for keys that have names of their own in each run. */
export function planEtcd({ keys = '{key}', reads = 'linearizable' }: EtcdDeclaration, where: string): PlannedClients {
  const namesFor = compileKeyNames(keys, where)
  const plain = etcdClients({ reads, update: 'txn', fencing: true, ttl: 10 })
  return {
    ...plain,
    functions: FUNCTIONS,
    async open(options) {
      const nameKey = namesFor(options.run ?? Date.now().toString(36))
      const opened = await plain.open(options)
      return {
        ...opened,
        connect(address) {
          const client = opened.connect(address)
          return {
            ...client,
            invoke(asked, timeoutMs, completed) {
              const { input } = asked
              const named = input.key === undefined ? input : { ...input, key: nameKey(input.key) }
              client.invoke({ ...asked, input: named }, timeoutMs, completed)
            },
          }
        },
      }
    },
  }
}
