import type { Link } from '@chaos/faults'
import { createRandom, linkName } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { ProxyClock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { LinkFault, StandingFault } from './link-fault.ts'
import { validateLinkFault } from './link-fault.ts'
import type { Affliction, LinkStatistics } from './link-state.ts'
import { LinkState } from './link-state.ts'
import type { Route, RouteOptions } from './tcp/route.ts'
import { openRoute } from './tcp/route.ts'

export interface NetworkOptions {
  /** All chance (jitter) comes from it: for each link, and on it for each connection, a stream of its own. */
  readonly seed: number | string
  /** By default the system's. */
  readonly clock?: ProxyClock | undefined
}

/** A fault in force. */
export interface AppliedFault {
  readonly fault: LinkFault
  /** How often it bit so far: chunks and stream ends it delayed, held or dropped, dials it put off, connections it reset. */
  readonly hits: number
  /**
   * Heals, at once and on live connections: what was held goes on, in order, and what lost bytes to a drop is reset.
   * Once more does nothing. A reset has nothing to remove.
   */
  remove(): void
}

/** Many routes, whose directions are links; faults are put on links by name. */
export interface Network {
  /** Opens a listener. Several routes may carry the same link, in either direction. */
  route(options: RouteOptions): Promise<Route>
  /**
   * In force when it returns, on every live and future connection whose direction is one of the fault's links, be it
   * dialled from this end or from the other. Faults stack.
   *
   * @throws UserError (usage) for a number that makes no sense.
   */
  apply(fault: LinkFault): AppliedFault
  /** Of every link that a route or a fault has named so far, by `linkName`. */
  statistics(): ReadonlyMap<string, LinkStatistics>
  /** Resets every connection and frees every port; resolves once that is done. */
  close(): Promise<void>
}

export function createNetwork(options: NetworkOptions): Network {
  const clock = options.clock ?? systemClock
  const random = createRandom(options.seed)
  const links: Map<string, LinkState> = new Map()
  const routes: Set<Promise<Route>> = new Set()
  let closed = false
  let connectionsMade = 0
  const nextConnectionId = () => ++connectionsMade

  function linkState(link: Link): LinkState {
    const name = linkName(link)
    let state = links.get(name)
    if (state === undefined) {
      state = new LinkState(link, random)
      links.set(name, state)
    }
    return state
  }

  /** Each link once, however often the fault names it. */
  const statesOf = (fault: LinkFault): readonly LinkState[] => [...new Set(fault.links.map(linkState))]

  return {
    async route(routeOptions) {
      const { from, to } = routeOptions
      if (closed) throw new UserError('usage', `proxy route ${from}>${to}: the network is closed.`)
      if (from === to) throw new UserError('usage', `proxy route ${from}>${to}: a route joins two different endpoints.`)
      const forward = linkState({ from, to })
      const backward = linkState({ from: to, to: from })
      const opening = openRoute(routeOptions, { forward, backward, clock, nextConnectionId })
      routes.add(opening)
      try {
        return await opening
      } catch (error) {
        routes.delete(opening)
        throw error
      }
    },
    apply(fault) {
      validateLinkFault(fault)
      const states = statesOf(fault)
      return fault.kind === 'reset' ? resetLinks(fault, states) : afflict(fault, states)
    },
    statistics: () => new Map([...links].map(([name, state]) => [name, state.statistics()])),
    async close() {
      closed = true
      // One that failed to open has nothing to close, and whoever asked for it knows.
      await Promise.allSettled([...routes].map(async (opening) => (await opening).close()))
    },
  }
}

function afflict(fault: StandingFault, states: readonly LinkState[]): AppliedFault {
  const affliction: Affliction = { fault, hits: 0 }
  for (const state of states) state.add(affliction)
  announce(states)
  let removed = false
  return {
    fault,
    get hits() {
      return affliction.hits
    },
    remove() {
      if (removed) return
      removed = true
      // All links first: a connection that waits for both directions must not see one healed and the other not.
      for (const state of states) state.remove(affliction)
      announce(states)
    },
  }
}

function announce(states: readonly LinkState[]): void {
  for (const state of states) for (const carrier of state.carriers) carrier.rulesChanged(state)
}

function resetLinks(fault: LinkFault, states: readonly LinkState[]): AppliedFault {
  const carriers = new Set(states.flatMap((state) => [...state.carriers]))
  for (const state of states) state.hits += state.carriers.size
  for (const carrier of carriers) carrier.abort()
  return { fault, hits: carriers.size, remove: () => undefined }
}
