import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterChange } from '@chaosproxy/runner/result'
import { type ContainerChanges, createContainerChanges } from './container-changes.ts'
import type { ContainerEvent } from './container-event.ts'
import { type ContainerLinks, type ContainerLinksOptions, lostLinks, openContainerLinks } from './container-links.ts'
import { directText } from './direct-traffic.ts'
import type { EngineProgram } from './engine.ts'
import { diallingTo } from './listening-ports.ts'
import { isOutdated } from './members.ts'
import { requireProof, type Unproved } from './proof.ts'
import { isRootless } from './rights.ts'
import { holdRootlessNetwork } from './rootless-network.ts'
import { watchContainers } from './watch.ts'

interface FollowedLinksOptions extends ContainerLinksOptions {
  readonly engine: EngineProgram
  readonly where: string
  readonly logDir: string
  /** The problems of the run. Other parts of the run add to this list, too. */
  readonly trouble: string[]
  /** Handles events of containers, even of other projects. */
  happened(events: readonly ContainerEvent[]): Promise<void>
  /** Called for each change of the containers, after the links have been updated. */
  changed?(change: ClusterChange): void
}

/** Links through the proxy that follow containers to new addresses. */
export interface FollowedLinks extends Pick<ContainerLinks, 'cut' | 'release' | 'close'> {
  /** Applies changes immediately. */
  refresh(): Promise<void>
  /** Resolves with notes on the containers' changes and on traffic that bypassed the proxy. */
  notes(): Promise<readonly string[]>
}

/** The time within which a newly opened port of a container is found. */
const LOOK_EVERY_MS = 500
/** The time within which a port of a new container is found. Until then, no other container can reach it. */
const LOOK_SOON_MS = 25
/**
 * After a check of the ports, chaos pauses for this many times the duration of the check, because a check takes
 * milliseconds per container, and blocks everything else.
 */
const RESTS_TIMES = 3
/** How long a container counts as just started. */
const SOON_FOR_MS = 10_000

/**
 * Opens the links, follows their containers and ports, and proves each link by a probe.
 *
 * @throws UserError (environment) if the system refuses, or if traffic between nodes bypasses the rules. Nothing is
 * left behind.
 */
export async function followLinks(options: FollowedLinksOptions): Promise<FollowedLinks> {
  const links = await openContainerLinks(options)
  const changes = createContainerChanges(() => links.inForceSince())
  let unwatch = async () => {}
  let letGo = async () => {}
  try {
    letGo = await held(options)
    unwatch = await watched(links, changes, options)
    await missedBefore(options)
    await links.refresh()
    await links.endOlder()
    await requireProof(await proved(links), options)
    changes.look(options.members())
  } catch (error) {
    await unwatch()
    await links.close()
    await letGo()
    throw error
  }
  return {
    refresh: () => links.refresh(),
    cut: (cut) => links.cut(cut),
    notes: () => notesOf(links, changes),
    async release() {
      await unwatch()
      await logDirect(links, options.logDir)
      await links.release()
    },
    async close() {
      await links.close()
      await letGo()
    },
  }
}

async function missedBefore({ members, happened }: FollowedLinksOptions): Promise<void> {
  const outdated = members().filter(({ container }) => isOutdated(container))
  if (outdated.length > 0) await happened(outdated.map(({ container: { id } }) => ({ id, what: 'start' })))
}

/** Keeps rootless podman from removing the network of this process. Does nothing for other engines. */
async function held({ engine, members, logDir, keeper }: FollowedLinksOptions): Promise<() => Promise<void>> {
  const [network] = members().flatMap(({ container: { networks } }) => networks)
  if (engine !== 'podman' || !isRootless() || network === undefined) return async () => {}
  return holdRootlessNetwork({ network: network.name, logDir, keeper })
}

async function watched(
  links: ContainerLinks,
  changes: ContainerChanges,
  { engine, keeper, logDir, trouble, members, happened, changed }: FollowedLinksOptions,
): Promise<() => Promise<void>> {
  const troubled = (error: Error) => {
    const text = lostLinks(error)
    if (!trouble.includes(text)) trouble.push(text)
  }
  let soonUntil = 0
  let lookAt = 0
  let lookSoonAt = 0
  let looking: Promise<void> | undefined
  const follow = async (events: readonly ContainerEvent[]) => {
    await happened(events)
    await links.refresh(() => false)
    for (const change of changes.look(members())) changed?.(change)
  }
  const unwatch = await watchContainers(engine, {
    keeper,
    logPath: join(logDir, 'events.log'),
    happened: inBatches(async (batch) => {
      soonUntil = performance.now() + SOON_FOR_MS
      await follow(batch).catch(troubled)
    }),
    missed() {
      const text = `${engine} reported no events for a while, for example while restarting: containers started meanwhile may have been reached directly`
      if (!trouble.includes(text)) trouble.push(text)
      // The engine may still be down. The request is repeated once it is back.
      follow(members().map(({ container: { id } }) => ({ id, what: 'start' }))).catch(() => undefined)
    },
  })
  const timer = setInterval(() => {
    const now = performance.now()
    const all = now >= lookAt
    if (looking !== undefined || !(all || (now < soonUntil && now >= lookSoonAt))) return
    looking = links
      .refresh(all ? undefined : ({ container: { startedAtMs = 0 } }) => Date.now() - startedAtMs < SOON_FOR_MS)
      .catch(troubled)
      .finally(() => {
        looking = undefined
        if (all) changes.lookForStale(members(), diallingTo, Date.now())
        const rest = (performance.now() - now) * RESTS_TIMES
        lookSoonAt = performance.now() + rest
        if (all) lookAt = now + Math.max(LOOK_EVERY_MS, rest)
      })
  }, LOOK_SOON_MS)
  return async () => {
    clearInterval(timer)
    await unwatch()
  }
}

/**
 * Returns a function that collects its arguments while `handle` runs, and then passes them to `handle` together and in
 * order. Several events thus cause only one request to the engine.
 */
function inBatches<T>(handle: (batch: readonly T[]) => Promise<void>): (each: T) => void {
  let waiting: T[] = []
  let busy = false
  return (each) => {
    waiting.push(each)
    if (busy) return
    busy = true
    void (async () => {
      while (waiting.length > 0) {
        const batch = waiting
        waiting = []
        await handle(batch)
      }
      busy = false
    })()
  }
}

/**
 * Probes all links. If a probe does not reach the proxy, moves the rules into the containers' own networks, and probes
 * all links again. Returns the links whose last probe did not reach the proxy.
 */
async function proved(links: ContainerLinks): Promise<readonly Unproved[]> {
  const unproved = await links.unproved()
  if (unproved.length === 0) return []
  await links.enter()
  await links.endOlder()
  return links.unproved()
}

async function notesOf(links: ContainerLinks, changes: ContainerChanges): Promise<readonly string[]> {
  const { connections, datagrams } = await links.direct()
  const summary = changes.summary()
  const passed =
    datagrams.size === 0 ? [] : [`UDP datagrams that passed (only partitions affect them): ${directText(datagrams)}`]
  if (summary === undefined && connections.size === 0) return passed
  const direct = `direct connections, opened before the proxy was between their containers and closed by chaos: ${directText(connections)}`
  return [...(summary === undefined ? [] : [summary]), direct, ...passed]
}

/**
 * Logs, by link, how many connections were older than the rules, and how many packets the rules refused. The rules also
 * refuse a packet if its port was just opened, or if no process listens there.
 */
async function logDirect(links: ContainerLinks, logDir: string): Promise<void> {
  const { connections, packets } = await links.direct()
  const listed = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([link, count]) => `${link} ${count}\n`).join('') || 'none\n'
  writeFileSync(
    join(logDir, 'links.log'),
    `Direct connections, which were opened before the proxy was between their containers, and which chaos closed:\n${listed(connections)}Refused packets, which bypassed the proxy between containers:\n${listed(packets)}`,
  )
}
