import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TcpFault } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { validateFault, validateUpdate } from '../affliction.ts'
import type { AppliedFault } from '../applied-fault.ts'
import type { LinkStatistics } from '../link-state.ts'
import type { Network } from '../network.ts'
import { ownAddress } from '../peer/peers.ts'
import type { Route, RouteOptions } from '../tcp/route.ts'
import type { TroubleListener } from '../tcp/trouble.ts'
import type { WorkerCommand, WorkerReport } from './messages.ts'
import type { WorkerHandle } from './worker-handle.ts'

export interface WorkerNetworkOptions {
  /** Chance comes from it, and from the number of the worker that a connection happens to come to. */
  readonly seed: number | string
  /** Processes that carry connections; as many as there are cores to spare. */
  readonly workers: number
}

/** A port that seemed free may be gone when the workers come to it. */
const PORT_ATTEMPTS = 5
const MOST_WORKERS = 64

/**
 * A network whose connections are spread evenly over several processes, for many small messages. Faults take a moment to
 * be in force everywhere, which `settled` waits for; counts lag by up to a fifth of a second. What needs one process is
 * refused: interceptors (and with them HTTP and message faults and recording), TLS, UDP, shared bandwidth, and triggers that
 * count connections. A worker that dies is replaced; its connections are lost.
 *
 * @throws UserError (usage) for a number of workers that makes no sense.
 */
export async function createWorkerNetwork({ seed, workers: count }: WorkerNetworkOptions): Promise<Network> {
  if (!Number.isInteger(count) || count < 1 || count > MOST_WORKERS)
    throw new UserError('usage', `workers: ${count} is no number of processes. Give one from 1 to ${MOST_WORKERS}.`)
  // Processes of its own are for whoever asks for them, and so is loading what starts them.
  const { startWorker } = await import('./worker-handle.ts')
  /** What a new worker is told, in this order, to be like the others. */
  const state: Map<string, WorkerCommand> = new Map()
  const pending: Set<Promise<void>> = new Set()
  /** What those have seen that are no more. */
  const retired: WorkerReport[] = []
  let numbers = 0
  let closed = false

  const troubleListeners: TroubleListener[] = []
  const troubled: TroubleListener = (trouble) => {
    for (const listener of troubleListeners) listener(trouble)
  }
  const start = (): WorkerHandle => startWorker({ seed: String(seed), number: ++numbers, died: replace, troubled })
  const workers: Set<WorkerHandle> = new Set(Array.from({ length: count }, start))
  await Promise.all([...workers].map(({ ready }) => ready))

  function replace(dead: WorkerHandle): void {
    workers.delete(dead)
    retired.push(dead.report)
    if (closed) return
    const next = start()
    workers.add(next)
    for (const command of state.values()) watch(next.tell(command))
  }

  function watch(done: Promise<void>): void {
    // Whoever asked hears of a refusal; a worker that cannot do as the others do is no use, and stays without the route.
    const settled = done.catch(() => undefined).finally(() => pending.delete(settled))
    pending.add(settled)
  }

  async function tellAll(command: WorkerCommand): Promise<void> {
    const telling = [...workers].map((worker) => worker.tell(command))
    for (const told of telling) watch(told)
    await Promise.all(telling)
  }

  const reports = () => [...workers].map(({ report }) => report)
  const hitsOf = (fault: number) => sum([...reports(), ...retired].map(({ hits }) => new Map(hits).get(fault) ?? 0))

  async function openRoute(options: RouteOptions, number: number): Promise<Route> {
    const { intercept, peers, ...plain } = options
    const host = options.listen?.host ?? '127.0.0.1'
    for (let attempt = 1; ; attempt++) {
      const wanted = options.listen?.port ?? 0
      const port = wanted === 0 ? await findFreePort(host) : wanted
      const open = { do: 'open', route: number, options: { ...plain, listen: { host, port } } } as const
      try {
        await tellAll(open)
        state.set(`route ${number}`, open)
        return routeView(open.options, number, { host, port })
      } catch (error) {
        await tellAll({ do: 'close', route: number })
        if (wanted !== 0 || attempt === PORT_ATTEMPTS) throw error
      }
    }
  }

  function routeView(
    options: Omit<RouteOptions, 'intercept' | 'peers'>,
    route: number,
    at: { host: string; port: number },
  ): Route {
    let closing: Promise<void> | undefined
    return {
      from: options.from,
      to: options.to,
      ...at,
      authority: undefined,
      failedHandshakes: 0,
      identification: ownAddress,
      get liveConnections() {
        return sum(reports().map((report) => new Map(report.liveConnections).get(route) ?? 0))
      },
      setUpstream(upstream) {
        state.set(`route ${route}`, { do: 'open', route, options: { ...options, upstream, listen: at } })
        watch(tellAll({ do: 'setUpstream', route, upstream }))
      },
      close() {
        state.delete(`route ${route}`)
        closing ??= tellAll({ do: 'close', route })
        return closing
      },
    }
  }

  function apply(initial: TcpFault): AppliedFault {
    validateFault(initial)
    requireSpreadable(initial)
    const number = ++numbers
    let fault = initial
    let hitsAtRemoval: number | undefined
    if (fault.kind !== 'reset') state.set(`fault ${number}`, { do: 'apply', fault: number, harm: fault })
    watch(tellAll({ do: 'apply', fault: number, harm: fault }))
    return {
      get fault() {
        return fault
      },
      get hits() {
        return hitsAtRemoval ?? hitsOf(number)
      },
      update(next) {
        validateUpdate(fault, next)
        requireSpreadable(next)
        fault = next
        if (!state.has(`fault ${number}`)) return
        state.set(`fault ${number}`, { do: 'apply', fault: number, harm: next })
        watch(tellAll({ do: 'update', fault: number, harm: next }))
      },
      remove() {
        if (!state.delete(`fault ${number}`)) return
        watch(
          tellAll({ do: 'remove', fault: number }).then(() => {
            hitsAtRemoval = hitsOf(number)
          }),
        )
      },
    }
  }

  return {
    async route(options) {
      if (closed) throw new UserError('usage', `proxy route ${options.from}>${options.to}: the network is closed.`)
      if (options.intercept !== undefined)
        throw needsOneProcess(`proxy route ${options.from}>${options.to}`, 'reading what connections say')
      if (options.tls !== undefined) throw needsOneProcess(`proxy route ${options.from}>${options.to}`, 'TLS')
      if (options.peers !== undefined)
        throw needsOneProcess(`proxy route ${options.from}>${options.to}`, 'finding out who dials')
      return openRoute(options, ++numbers)
    },
    async datagramRoute({ from, to }) {
      throw needsOneProcess(`proxy route ${from}>${to}`, 'UDP')
    },
    apply,
    applyToDatagrams: ({ kind }) => {
      throw needsOneProcess(kind, 'UDP')
    },
    statistics: () => addUp(reports(), retired),
    onTrouble: (listener) => void troubleListeners.push(listener),
    async settled() {
      while (pending.size > 0) await Promise.all(pending)
    },
    async close() {
      closed = true
      await Promise.all([...workers].map((worker) => worker.stop()))
    },
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const needsOneProcess = (where: string, what: string): UserError =>
  new UserError('usage', `${where}: ${what} needs all connections in one process. Leave the workers out.`)

function requireSpreadable(fault: TcpFault): void {
  const { nth, first, every } = fault.when ?? {}
  if (nth !== undefined || first !== undefined || every !== undefined)
    throw needsOneProcess(fault.kind, 'a trigger that counts connections')
  if (fault.kind === 'bandwidth' && fault.shared === true) throw needsOneProcess(fault.kind, 'a shared bandwidth')
}

function addUp(live: readonly WorkerReport[], retired: readonly WorkerReport[]): ReadonlyMap<string, LinkStatistics> {
  const total: Map<string, LinkStatistics> = new Map()
  for (const report of [...live, ...retired])
    for (const [link, seen] of report.statistics) {
      const before = total.get(link)
      const isLive = live.includes(report)
      total.set(link, {
        bytes: (before?.bytes ?? 0) + seen.bytes,
        chunks: (before?.chunks ?? 0) + seen.chunks,
        deliveredBytes: (before?.deliveredBytes ?? 0) + seen.deliveredBytes,
        droppedBytes: (before?.droppedBytes ?? 0) + seen.droppedBytes,
        connections: (before?.connections ?? 0) + seen.connections,
        liveConnections: (before?.liveConnections ?? 0) + (isLive ? seen.liveConnections : 0),
        failedDials: (before?.failedDials ?? 0) + seen.failedDials,
        failedAccepts: (before?.failedAccepts ?? 0) + seen.failedAccepts,
        hits: (before?.hits ?? 0) + seen.hits,
      })
    }
  return total
}

/** All workers must be told the same one. */
async function findFreePort(host: string): Promise<number> {
  const server = createServer()
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port')
  return address.port
}
