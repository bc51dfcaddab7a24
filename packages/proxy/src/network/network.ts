import { createRandom, type DatagramFault, type Endpoint, type Link, type TcpFault } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import { validateFault } from '../link/affliction.ts'
import { type AppliedFault, afflict, resetLinks, type StandingApplied } from '../link/applied-fault.ts'
import { type ProxyClock, systemClock } from '../link/clock.ts'
import { LinkState, type LinkStatistics } from '../link/link-state.ts'
import { LinkTable } from '../link/link-table.ts'
import type { Applied } from '../link/rule-list.ts'
import { type LinkTape, type Passage, readPassages } from '../tape/passages.ts'
import { Tape, type TapeBudget } from '../tape/tape.ts'
import { openRoute, type Route, type RouteOptions } from '../tcp/route.ts'
import { createTroubleReporter, type TroubleListener } from '../tcp/trouble.ts'
import { createDatagramFaults } from '../udp/datagram-faults.ts'
import type { DatagramRoute, DatagramRouteOptions } from '../udp/datagram-route.ts'
import type { DatagramWiring } from '../udp/datagram-wiring.ts'

export interface NetworkOptions {
  /** The seed of all randomness. Each connection on each link has its own random stream. */
  readonly seed: number | string
  /** The source of time, by default the system clock. */
  readonly clock?: ProxyClock | undefined
  /** Selects the links whose traffic is kept for `passages`; by default none. */
  readonly isTaped?: ((link: Link) => boolean) | undefined
}

/** Routes, and the links of which they consist. Faults are applied to links by name. */
export interface Network {
  /** Opens a listener. Several routes may carry traffic of the same link, as requests or as responses. */
  route(options: RouteOptions): Promise<Route>
  /** Opens a UDP port. TCP partitions and blackholes also drop its datagrams. */
  datagramRoute(options: DatagramRouteOptions): Promise<DatagramRoute>
  /**
   * Applies a fault to every live and future connection of the fault's links. The fault is in force when the call
   * returns. `slow-connect` and `refuse` act only on connections dialled from the link's `from` to its `to`. Faults
   * stack in order.
   *
   * @throws UserError (usage) for an invalid number.
   */
  apply(fault: TcpFault): AppliedFault
  /**
   * Applies a fault to the fault's links, from the next datagram on. The fault is in force when the call returns.
   *
   * @throws UserError for an invalid number.
   */
  applyToDatagrams(fault: DatagramFault): Applied<DatagramFault>
  /** Returns the recorded traffic of the links, as far as memory allowed, even after everything is closed. */
  passages(): Iterable<Passage>
  /** Returns the statistics of every link that a route or a fault has named, keyed by `linkName`. */
  statistics(): ReadonlyMap<string, LinkStatistics>
  /** Calls back when a connection fails without a fault: immediately, then once a second with a count. */
  onTrouble(listener: TroubleListener): void
  /** Frees every port, and waits up to `longestMs` for connections to end. */
  drain(longestMs: number): Promise<void>
  /** Resets every connection and frees every port. */
  close(): Promise<void>
}

type Wiring = Omit<DatagramWiring, 'forwardDatagrams' | 'backwardDatagrams'>

interface Opened {
  drain?(longestMs: number): Promise<void>
  close(): Promise<void>
}

export function createNetwork(options: NetworkOptions): Network {
  const clock = options.clock ?? systemClock
  const random = createRandom(options.seed)
  const tapes = createTapes(options.isTaped)
  const links = new LinkTable((link) => new LinkState(link, random, tapes.of(link)))
  const routes: Set<Promise<Opened>> = new Set()
  const datagramFaults = createDatagramFaults(random, clock)
  const standing: Set<StandingApplied> = new Set()
  const troubleListeners: TroubleListener[] = []
  const troubles = createTroubleReporter(clock, (trouble) => {
    for (const listener of troubleListeners) listener(trouble)
  })
  let closed = false
  let connectionsMade = 0
  const nextConnectionId = () => ++connectionsMade

  async function open<Kind extends Opened>(
    { from, to }: Link,
    openIt: (wiring: Wiring) => Promise<Kind>,
  ): Promise<Kind> {
    if (closed) throw usageError(`proxy route ${from}>${to}: the network is closed.`)
    if (from === to)
      throw usageError(`proxy route ${from}>${to}: both endpoints are the same. Give two different ones.`)
    const opening = openIt({
      ...pairOf(links, { from, to }),
      clock,
      troubled: troubles.note,
      closed: () => routes.delete(opening),
    })
    routes.add(opening)
    try {
      return await opening
    } catch (error) {
      routes.delete(opening)
      throw error
    }
  }

  return {
    route: (routeOptions) =>
      open(routeOptions, (wiring) => {
        const linksFrom = (from: Endpoint) => pairOf(links, { from, to: routeOptions.to })
        return openRoute(routeOptions, { ...wiring, linksFrom, nextConnectionId })
      }),
    datagramRoute: (routeOptions) =>
      open(routeOptions, async (wiring) => {
        // Load the UDP code only if needed: few networks use UDP.
        const { openDatagramRoute } = await import('../udp/datagram-route.ts')
        return openDatagramRoute(routeOptions, {
          ...wiring,
          forwardDatagrams: datagramFaults.link(routeOptions),
          backwardDatagrams: datagramFaults.link({ from: routeOptions.to, to: routeOptions.from }),
        })
      }),
    apply(fault) {
      validateFault(fault)
      const states = links.ofAll(fault.links)
      if (fault.kind === 'reset') return resetLinks(fault, states)
      const applied = afflict(fault, states, clock, () => standing.delete(applied))
      standing.add(applied)
      return applied
    },
    applyToDatagrams: (fault) => datagramFaults.apply(fault),
    passages: tapes.passages,
    statistics: () => links.map((state) => state.statistics()),
    onTrouble: (listener) => void troubleListeners.push(listener),
    async drain(longestMs) {
      await Promise.allSettled([...routes].map(async (opening) => (await opening).drain?.(longestMs)))
    },
    async close() {
      closed = true
      for (const applied of standing) applied.stopTiming()
      // Ignore routes that failed to open: their callers already have the errors.
      await Promise.allSettled([...routes].map(async (opening) => (await opening).close()))
      troubles.close()
    },
  }
}

const pairOf = (links: LinkTable<LinkState>, { from, to }: Link): Pick<Wiring, 'forward' | 'backward'> => ({
  forward: links.of({ from, to }),
  backward: links.of({ from: to, to: from }),
})

interface Tapes {
  of(link: Link): Tape | undefined
  passages(): Iterable<Passage>
}

/** The memory for the tape of one link: about 15,000 small requests. */
const LINK_TAPE_BYTES = 4 * 1024 * 1024
const TAPES_BYTES = 64 * 1024 * 1024

function createTapes(isTaped: (link: Link) => boolean = () => false): Tapes {
  const budget: TapeBudget = { leftBytes: TAPES_BYTES }
  const tapes: LinkTape[] = []
  return {
    of(link) {
      if (!isTaped(link)) return undefined
      const tape = new Tape(LINK_TAPE_BYTES, budget)
      tapes.push({ link, tape })
      return tape
    },
    passages: () => readPassages(tapes),
  }
}
