import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TcpFault } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { validateFault, validateUpdate } from '../link/affliction.ts'
import type { AppliedFault } from '../link/applied-fault.ts'
import type { Network } from '../network/network.ts'
import { ownAddress } from '../peer/peers.ts'
import type { Route, RouteOptions } from '../tcp/route.ts'
import type { TroubleListener } from '../tcp/trouble.ts'
import type { Crew } from './crew.ts'

export interface WorkerNetworkOptions {
  /**
   * Each worker derives its own random streams from it, so chance also depends on which worker a connection reaches.
   */
  readonly seed: number | string
  /** Processes that carry connections: as many as there are cores to spare. */
  readonly workers: number
}

/** A port found free may be taken by the time the workers open it. */
const PORT_ATTEMPTS = 5
const MOST_WORKERS = 64

/**
 * A network whose connections are spread evenly over several processes, for many small messages. Faults take a moment
 * to be in force everywhere, which `settled` waits for; counts lag by up to a fifth of a second. Features that need one
 * process are refused: interceptors (and with them HTTP and message faults and recording), TLS, UDP, shared bandwidth,
 * and triggers that count connections. A worker that dies is replaced; its connections are lost.
 *
 * @throws UserError (usage) for an impossible number of workers.
 */
export async function createWorkerNetwork({ seed, workers }: WorkerNetworkOptions): Promise<Network> {
  if (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS)
    throw new UserError(
      'usage',
      `workers: ${workers} is not a number of processes. Give one from 1 to ${MOST_WORKERS}.`,
    )
  const listeners: TroubleListener[] = []
  const troubled: TroubleListener = (trouble) => {
    for (const listener of listeners) listener(trouble)
  }
  // Most networks have no workers, and need not load what starts them.
  const { Crew } = await import('./crew.ts')
  const crew = await Crew.start({ seed: String(seed), workers, troubled })
  let closed = false

  return {
    async route(options) {
      if (closed) throw new UserError('usage', `proxy route ${options.from}>${options.to}: the network is closed.`)
      requireSpreadableRoute(options)
      return openRoute(crew, options)
    },
    async datagramRoute({ from, to }) {
      throw needsOneProcess(`proxy route ${from}>${to}`, 'UDP')
    },
    apply: (fault) => applyFault(crew, fault),
    applyToDatagrams: ({ kind }) => {
      throw needsOneProcess(kind, 'UDP')
    },
    passages: () => [],
    statistics: () => crew.statistics(),
    onTrouble: (listener) => void listeners.push(listener),
    settled: () => crew.settled(),
    close() {
      closed = true
      return crew.stop()
    },
  }
}

/** The options of a route that can be sent to another process. */
type PlainRoute = Omit<RouteOptions, 'intercept' | 'peers'>

async function openRoute(crew: Crew, options: RouteOptions): Promise<Route> {
  const { intercept, peers, ...plain } = options
  const { listen = {} } = options
  if (listen === 'nowhere')
    throw needsOneProcess(`proxy route ${options.from}>${options.to}`, 'dialling without a port')
  const { host = '127.0.0.1', port: wanted = 0 } = listen
  const number = crew.nextNumber()
  for (let attempt = 1; ; attempt++) {
    const port = wanted === 0 ? await findFreePort(host) : wanted
    const open = { do: 'open', route: number, options: { ...plain, listen: { host, port } } } as const
    try {
      await crew.tellAll(open)
      crew.remember(`route ${number}`, open)
      return routeView(crew, number, { options: open.options, host, port })
    } catch (error) {
      await crew.tellAll({ do: 'close', route: number })
      if (wanted !== 0 || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

function routeView(
  crew: Crew,
  route: number,
  { options, host, port }: { readonly options: PlainRoute; readonly host: string; readonly port: number },
): Route {
  let closing: Promise<void> | undefined
  return {
    from: options.from,
    to: options.to,
    host,
    port,
    authority: undefined,
    failedHandshakes: 0,
    identification: ownAddress,
    get liveConnections() {
      return crew.liveConnections(route)
    },
    setUpstream(upstream) {
      crew.remember(`route ${route}`, { do: 'open', route, options: { ...options, upstream, listen: { host, port } } })
      crew.tellSoon({ do: 'setUpstream', route, upstream })
    },
    close() {
      crew.forget(`route ${route}`)
      closing ??= crew.tellAll({ do: 'close', route }).then(() => undefined)
      return closing
    },
  }
}

function applyFault(crew: Crew, initial: TcpFault): AppliedFault {
  validateFault(initial)
  requireSpreadable(initial)
  const number = crew.nextNumber()
  const key = `fault ${number}`
  let fault = initial
  let hitsAtRemoval: number | undefined
  if (fault.kind !== 'reset') crew.remember(key, { do: 'apply', fault: number, harm: fault })
  crew.tellSoon({ do: 'apply', fault: number, harm: fault })
  return {
    get fault() {
      return fault
    },
    get hits() {
      return hitsAtRemoval ?? crew.hits(number)
    },
    update(next) {
      validateUpdate(fault, next)
      requireSpreadable(next)
      fault = next
      if (!crew.remembers(key)) return
      crew.remember(key, { do: 'apply', fault: number, harm: next })
      crew.tellSoon({ do: 'update', fault: number, harm: next })
    },
    remove() {
      if (!crew.forget(key)) return
      // A worker forgets the fault once it has replied, and its next report may come before another's reply.
      crew.tellSoon({ do: 'remove', fault: number }, (answers) => {
        hitsAtRemoval = crew.hits(number, answers)
      })
    },
  }
}

function requireSpreadableRoute({ from, to, intercept, tls, peers }: RouteOptions): void {
  const where = `proxy route ${from}>${to}`
  if (intercept !== undefined) throw needsOneProcess(where, 'parsing traffic')
  if (tls !== undefined) throw needsOneProcess(where, 'TLS')
  if (peers !== undefined) throw needsOneProcess(where, 'identifying who dials')
}

function requireSpreadable(fault: TcpFault): void {
  const { nth, first, every } = fault.when ?? {}
  if (nth !== undefined || first !== undefined || every !== undefined)
    throw needsOneProcess(fault.kind, 'a trigger that counts connections')
  if (fault.kind === 'bandwidth' && fault.shared === true) throw needsOneProcess(fault.kind, 'a shared bandwidth')
}

const needsOneProcess = (where: string, what: string): UserError =>
  new UserError('usage', `${where}: ${what} needs all connections in one process. Leave the workers out.`)

/** All workers must be told the same port. */
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
