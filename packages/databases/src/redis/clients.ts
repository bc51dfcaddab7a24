import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { type Millis, millis, type SessionSource } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import { COMPARE_AND_SET, type CommandTable, lockTable, redis } from '@chaosproxy/recorder/redis'
import type { Client, RequestedOperations } from '@chaosproxy/runner'
import {
  commandsOf,
  createProbation,
  type NodeAddress,
  type OpenedClients,
  type PlannedClients,
  respClient,
  type SharedByRespClients,
} from '@chaosproxy/targets/database'
import { type Asker, openAsker } from './ask.ts'
import { PRIMARY_NAME } from './declaration.ts'
import { redlockClient, redlockTable } from './redlock.ts'
import type { RedisChoice } from './settings.ts'

export interface RedisClientsOptions {
  readonly nodes: number
  readonly choice: RedisChoice
  readonly table: string
}

/** How clients identify themselves; see `CLIENT SETNAME`. */
export const REDIS_CLIENTS: SessionSource = { by: redis.namedBy, named: true }

/** Clients of a Redis with Sentinels, or of several primaries. They never send an operation twice. */
export function planRedisClients({ nodes, choice, table: name }: RedisClientsOptions): PlannedClients {
  const { wait, isRedlock, lockMs } = choice
  const table = tableOf(name, choice)
  return {
    functions: Object.keys(table),
    // Redlock asks every primary, so no single record describes an acquisition.
    sessions: isRedlock ? undefined : REDIS_CLIENTS,
    carries: ({ initial }) => carriedOf({ table: name, wait, initial }),
    async open({ broke }): Promise<OpenedClients> {
      const shared: SharedByRespClients = { table, probation: createProbation(broke), replicas: wait }
      const ids = nodeNames(nodes)
      if (isRedlock)
        return { connect: (home) => redlockClient(home, { nodes: ids, shared, lockMs }), close: async () => {} }
      const views = createViews(ids)
      return {
        connect(home) {
          // Before a run, a node is not yet part of a cluster, and `other` is undefined.
          if (home.other === undefined) return respClient(home, { ...shared, replicas: 0 })
          return followingClient(home, { shared, choice, nodes: ids, views })
        },
        async close() {
          views.close()
        },
      }
    },
  }
}

/** Returns how the proxy reads the Redis commands for one kind of object, such as a register or a lock. */
export const carriedOf = ({ table, wait, initial }: Carried): Carriage =>
  redis.parse(
    {
      commands: table,
      ...(table === 'register' ? { cas: COMPARE_AND_SET } : {}),
      ...(wait > 0 ? { wait: 'confirms' } : {}),
      initial: { value: initial },
    },
    'redis',
  )

interface Carried extends Pick<RequestedOperations, 'initial'> {
  readonly table: string
  readonly wait: number
}

function tableOf(name: string, { isRedlock, lockMs }: RedisChoice): CommandTable {
  if (isRedlock) return redlockTable(lockMs)
  return name === 'lock' ? lockTable(lockMs) : commandsOf(name)
}

interface Following {
  readonly shared: SharedByRespClients
  readonly choice: RedisChoice
  readonly nodes: readonly NodeId[]
  readonly views: Views
}

/** Errors that do not depend on the connection or the primary, so the Sentinels need not be asked again. */
const NO_REASON_TO_ASK = /^(answered|ERR|WRONGTYPE|NOREPLICAS|OOM|MISCONF|NOSCRIPT|BUSY|WAIT)/

function followingClient(home: NodeAddress, { shared, choice, nodes, views }: Following): Client {
  const clients = new Map<NodeId, Client>()
  let finder: PrimaryFinder | undefined
  let known: NodeId | undefined
  let closed = false

  function to(node: NodeId): Client {
    const client = clients.get(node) ?? respClient(addressOf(home, node), shared)
    clients.set(node, client)
    return client
  }

  const primary = (): NodeId | undefined => (choice.follow === 'at-once' ? (views.of(home) ?? known) : known)

  return {
    invoke(request, timeoutMs, completed) {
      if (choice.reads === 'replicas' && request.harmless) return to(home.node).invoke(request, timeoutMs, completed)
      const askPrimary = (node: NodeId, leftMs: Millis) =>
        to(node).invoke(request, leftMs, (completion) => {
          if (completion.type !== 'ok' && !NO_REASON_TO_ASK.test(completion.error)) known = undefined
          completed({ ...completion, node })
        })
      const found = primary()
      if (found !== undefined) return askPrimary(found, timeoutMs)
      const deadline = performance.now() + timeoutMs
      finder ??= primaryFinder(home, nodes)
      finder.find(timeoutMs).then((named) => {
        const remainingMs = Math.floor(deadline - performance.now())
        // The failure is definite: no Redis was asked.
        if (closed) completed({ type: 'fail', error: 'client closed' })
        else if (named === undefined || remainingMs < 1)
          completed({ type: 'fail', error: 'no Sentinel named a primary in time' })
        else {
          known = named
          askPrimary(named, millis(remainingMs))
        }
      })
    },
    close() {
      closed = true
      finder?.close()
      for (const client of clients.values()) client.close()
    },
  }
}

export const addressOf = (home: NodeAddress, node: NodeId): NodeAddress =>
  node === home.node ? home : (home.other?.(node) ?? home)

/** Each Sentinel's view of the primary, polled to follow a failover at once. */
interface Views {
  of(home: NodeAddress): NodeId | undefined
  close(): void
}

const LOOK_EVERY_MS = 100
const LONGEST_MS = 500

function createViews(nodes: readonly NodeId[]): Views {
  const views = new Map<NodeId, { primary: NodeId | undefined; readonly finder: PrimaryFinder }>()
  const timers = new Set<NodeJS.Timeout>()
  let closed = false

  async function look(node: NodeId): Promise<void> {
    const view = views.get(node)
    if (view === undefined || closed) return
    view.primary = (await view.finder.find(LONGEST_MS)) ?? view.primary
    if (closed) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      void look(node)
    }, LOOK_EVERY_MS)
    timers.add(timer)
  }

  return {
    of(home) {
      const view = views.get(home.node)
      if (view !== undefined) return view.primary
      views.set(home.node, { primary: undefined, finder: primaryFinder(home, nodes) })
      void look(home.node)
      return undefined
    },
    close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      for (const { finder } of views.values()) finder.close()
    },
  }
}

/** Finds the primary by asking Sentinels as drivers do: the client's own first. */
interface PrimaryFinder {
  /** Resolves with the primary, if a Sentinel names it in time. */
  find(timeoutMs: number): Promise<NodeId | undefined>
  close(): void
}

const PATIENCE_MS = 300

function primaryFinder(home: NodeAddress, nodes: readonly NodeId[]): PrimaryFinder {
  const inOrder = [home.node, ...nodes.filter((node) => node !== home.node)]
  const askers = new Map<NodeId, Asker>()
  /** Nodes by announced port, which is unique. */
  const byPort = new Map(nodes.map((node) => [String(announcedOf(home, node, 'client').port), node]))

  function askerOf(node: NodeId): Asker {
    const asker = askers.get(node) ?? openAsker(announcedOf(home, node, 'sentinel'))
    askers.set(node, asker)
    return asker
  }

  return {
    async find(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      for (const [index, node] of inOrder.entries()) {
        const remainingMs = deadline - performance.now()
        if (remainingMs <= 0) return undefined
        const isLast = index === inOrder.length - 1
        const answer = await askerOf(node).ask(
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME],
          isLast ? remainingMs : Math.min(PATIENCE_MS, remainingMs),
        )
        if (Array.isArray(answer)) return byPort.get(String(answer[1]))
      }
      return undefined
    },
    close() {
      for (const asker of askers.values()) asker.close()
    },
  }
}

function announcedOf(home: NodeAddress, node: NodeId, port: string) {
  const address = node === home.node ? home : home.other?.(node)
  const announced = address?.announced?.(port)
  if (announced === undefined) throw new Error(`${node} announces no ${port}`)
  return announced
}
