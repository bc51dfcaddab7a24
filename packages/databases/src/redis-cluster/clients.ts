import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { lockTable } from '@chaosproxy/recorder/redis'
import type { Client } from '@chaosproxy/runner'
import {
  commandsOf,
  createProbation,
  type NodeAddress,
  type OpenedClients,
  type PlannedClients,
  respClient,
  type SharedByRespClients,
} from '@chaosproxy/targets/database'
import { addressOf, carriedOf, REDIS_CLIENTS } from '../redis/clients.ts'
import { partnerOf } from './declaration.ts'
import type { ClusterChoice } from './settings.ts'
import { redirectionIn, shardOf, slotOf } from './slots.ts'

export interface ClusterClientsOptions {
  readonly nodes: number
  readonly choice: ClusterChoice
  readonly table: string
}

/**
 * Plans clients of a Redis Cluster. All clients share what redirections tell about the masters, as a driver's
 * connections do. Only redirected commands are sent again, because they were not carried out.
 */
export function planClusterClients({ nodes, choice, table: name }: ClusterClientsOptions): PlannedClients {
  const table = name === 'lock' ? lockTable(choice.lockMs) : commandsOf(name)
  return {
    functions: Object.keys(table),
    sessions: REDIS_CLIENTS,
    carries: ({ initial }) => carriedOf({ table: name, wait: choice.wait, initial }),
    async open({ broke }): Promise<OpenedClients> {
      const shared: SharedByRespClients = { table, probation: createProbation(broke), replicas: choice.wait }
      const ids = nodeNames(nodes)
      const masters = knownMasters(ids)
      return {
        connect(home) {
          // `home.other` returns the addresses of other nodes. It is undefined before a run; clients then read from
          // their own node only.
          if (home.other === undefined) return respClient(home, { ...shared, replicas: 0, login: READONLY })
          return redirectedClient(home, { shared, readsReplicas: choice.readsReplicas, nodes: ids, masters })
        },
        close: async () => {},
      }
    },
  }
}

/** Lets a replica reply to reads. */
const READONLY: readonly string[] = ['READONLY']
/** A client sends this command before a command for a slot that is migrating to the node. */
const ASKING: readonly string[] = ['ASKING']

/** The master of each shard, as far as the clients know. */
interface Masters {
  of(slot: number): NodeId
  moved(slot: number, master: NodeId): void
  /** Reports that the node did not serve as the slot's master. */
  doubt(slot: number, node: NodeId): void
}

function knownMasters(nodes: readonly NodeId[]): Masters {
  const masters = nodes.slice(0, nodes.length / 2)
  const shards = masters.length
  return {
    of(slot) {
      const known = masters[shardOf(slot, shards)]
      if (known === undefined) throw new Error(`there is no slot ${slot}`)
      return known
    },
    moved(slot, master) {
      masters[shardOf(slot, shards)] = master
    },
    doubt(slot, node) {
      masters[shardOf(slot, shards)] = partnerOf(node, nodes)
    },
  }
}

interface Redirected {
  readonly shared: SharedByRespClients
  readonly readsReplicas: boolean
  readonly nodes: readonly NodeId[]
  readonly masters: Masters
}

/** The maximum number of redirections of a command, as in most drivers. */
const MOST_REDIRECTIONS = 16

/** Errors that do not show which node is the master. */
const NOT_OF_THE_NODE = /^(answered|ERR|WRONGTYPE|NOREPLICAS|OOM|MISCONF|NOSCRIPT|BUSY|WAIT|TRYAGAIN)/

type Way = 'plain' | 'readonly' | 'asking'

/** A client that sends each command to the master of its key. */
function redirectedClient(home: NodeAddress, { shared, readsReplicas, nodes, masters }: Redirected): Client {
  const clients = new Map<string, Client>()
  const byPort = new Map(nodes.map((node) => [addressOf(home, node).announced?.('client').port, node]))
  let closed = false

  function to(node: NodeId, way: Way): Client {
    const name = `${node} ${way}`
    const options = { plain: {}, readonly: { login: READONLY }, asking: { ahead: ASKING } }[way]
    const client = clients.get(name) ?? respClient(addressOf(home, node), { ...shared, ...options })
    clients.set(name, client)
    return client
  }

  return {
    invoke(request, timeoutMs, completed) {
      const deadline = performance.now() + timeoutMs
      const slot = slotOf(request.input.key ?? '')
      let redirections = 0

      function attempt(node: NodeId, way: Way): void {
        const leftMs = Math.floor(deadline - performance.now())
        // No node has executed the command: each node that received it redirected it. So the operation failed.
        if (closed || leftMs < 1) {
          completed({ type: 'fail', error: 'no node executed the command', node })
          return
        }
        to(node, way).invoke(request, millis(leftMs), (completion) => {
          const redirection = completion.type === 'ok' ? undefined : redirectionIn(completion.error)
          const other = redirection && byPort.get(redirection.port)
          if (redirection === undefined || other === undefined || redirections++ >= MOST_REDIRECTIONS) {
            if (way === 'plain' && completion.type !== 'ok' && !NOT_OF_THE_NODE.test(completion.error))
              masters.doubt(slot, node)
            completed({ ...completion, node })
            return
          }
          if (redirection.type === 'moved') masters.moved(redirection.slot, other)
          attempt(other, redirection.type === 'moved' ? 'plain' : 'asking')
        })
      }

      const master = masters.of(slot)
      if (readsReplicas && request.harmless) attempt(partnerOf(master, nodes), 'readonly')
      else attempt(master, 'plain')
    },
    close() {
      closed = true
      for (const client of clients.values()) client.close()
    },
  }
}
