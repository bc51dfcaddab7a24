import { packageVersion } from '@chaosproxy/engine/run'
import { describeFaultAs, type Link, linkName, parseTrafficFault } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/history'
import type { ControlPlane, ManagedProxy } from '@chaosproxy/proxy/control'
import { type ProxiesPage, proxiesScript, renderProxiesHtml } from '@chaosproxy/report'
import { scriptPolicy } from './server/content-policy.ts'
import { startGuardedServer } from './server/guarded-server.ts'

interface ProxiesConsoleOptions {
  readonly plane: ControlPlane
  readonly seed: number | string
  /** `host:port`; by default any free port of this machine's loopback. */
  readonly listen?: string | undefined
}

/** The page of a proxy without a cluster. */
export interface ProxiesConsole {
  readonly url: string
  close(): Promise<void>
}

const POLICY = scriptPolicy(proxiesScript)

const SAMPLE_EVERY_MS = 1_000
const SAMPLES = 60

/**
 * Serves the page of proxies: their traffic, their faults, and buttons for faults. The token is the first part of every
 * path.
 *
 * @throws UserError (usage, environment) if the server cannot listen on the address.
 */
export async function openProxiesConsole(options: ProxiesConsoleOptions): Promise<ProxiesConsole> {
  const { plane, seed, listen = '127.0.0.1:0' } = options
  const bytes = createRates()
  const requested = createRates()
  const answered = createRates()
  const waited = createRates()
  const sample = () => {
    bytes.add(counted(plane.statistics(), ({ deliveredBytes }) => deliveredBytes))
    const requests = plane.requests()
    requested.add(counted(requests, ({ requests }) => requests))
    answered.add(counted(requests, ({ replies }) => replies))
    waited.add(counted(requests, ({ waitedMs }) => waitedMs))
  }
  sample()
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  timer.unref()
  const isPage = ({ pathname }: URL) => /^\/[^/]*\/$/.test(pathname)
  const server = await startGuardedServer({
    listen,
    option: '--ui-listen',
    tokenIn: ({ pathname }) => pathname.split('/')[1] ?? '',
    contentOf: (url) =>
      isPage(url)
        ? {
            status: 200,
            type: 'text/html',
            body: renderProxiesHtml(pageOf(plane, { bytes, requested, answered, waited }, seed)),
            policy: POLICY,
          }
        : undefined,
    posted: (url, body) => (isPage(url) ? carryOut(plane, body) : 'There is no such page.'),
  })
  return {
    url: `${server.origin}/${server.token}/`,
    close() {
      clearInterval(timer)
      return server.close()
    },
  }
}

/** A fault that a button injects, and the text of the button. */
interface Offer {
  readonly text: string
  readonly fault: { readonly kind: string; readonly [member: string]: unknown }
  /** Whether the fault needs parsed requests. */
  readonly ofRequests?: true
}

const OFFERS: { readonly [action: string]: Offer } = {
  cut: { text: 'Cut', fault: { kind: 'partition' } },
  slow: { text: 'Slow by 200 ms', fault: { kind: 'latency', latencyMs: 200 } },
  reset: { text: 'Reset connections', fault: { kind: 'reset' } },
  refuse: { text: 'Answer 503', fault: { kind: 'error-status', status: 503 }, ofRequests: true },
  lose: { text: 'Lose replies', fault: { kind: 'lose-reply' }, ofRequests: true },
}

const isFor = ({ protocol, speaks }: ManagedProxy, { fault, ofRequests }: Offer): boolean =>
  protocol === 'udp' ? fault.kind === 'partition' : ofRequests === undefined || speaks === 'http'

/**
 * Returns the links that a fault affects. A fault that changes requests affects only the direction in which requests
 * travel.
 */
function linksFor({ forward, callers }: ManagedProxy, { ofRequests }: Offer): readonly string[] {
  if (ofRequests) return [linkName(forward)]
  return callers.flatMap((caller) => [
    linkName({ ...forward, from: caller }),
    linkName({ from: forward.to, to: caller }),
  ])
}

function carryOut(plane: ControlPlane, body: string): string | undefined {
  const { action, on } = orderIn(body)
  if (action === 'heal') {
    const kept = keptBecause(plane.faults.get(on).origin)
    if (kept !== undefined) return kept
    plane.removeFault(on)
    return undefined
  }
  const offer = Object.hasOwn(OFFERS, action) ? OFFERS[action] : undefined
  if (offer === undefined) return 'This message is not a command that a page can send.'
  const proxy = plane.proxies.get(on)
  const fault = parseTrafficFault({ ...offer.fault, links: linksFor(proxy, offer) }, offer.text)
  plane.addFault({ name: freeName(plane, `${action} ${proxy.name} by hand`), fault, origin: 'api' })
  return undefined
}

function orderIn(body: string): { readonly action: string; readonly on: string } {
  let order: unknown
  try {
    order = JSON.parse(body)
  } catch {
    order = undefined
  }
  if (typeof order !== 'object' || order === null || !('action' in order) || !('on' in order))
    return { action: '', on: '' }
  const { action, on } = order
  return typeof action === 'string' && typeof on === 'string' ? { action, on } : { action: '', on: '' }
}

function freeName(plane: ControlPlane, wanted: string): string {
  const taken = new Set(plane.faults.list().map(({ name }) => name))
  let name = wanted
  for (let i = 2; taken.has(name); i++) name = `${wanted} ${i}`
  return name
}

/** Returns why the page cannot remove a fault. Toxics and rule sets are removed only by their owners. */
const keptBecause = (origin: ReturnType<ControlPlane['faults']['get']>['origin']): string | undefined =>
  origin === 'toxic'
    ? 'a toxic: its client removes it'
    : origin === 'rules'
      ? 'of a rule set: chaos ctl replaces it'
      : undefined

const EVENTS_SHOWN = 30

function pageOf(plane: ControlPlane, rates: Sampled, seed: number | string): ProxiesPage {
  const faults = plane.faults.list()
  return {
    version: packageVersion(),
    seed: String(seed),
    recording: recordingOf(plane),
    proxies: plane.proxies.list().map((proxy) => {
      const { name, listen, upstream, enabled, speaks, protocol, liveConnections, forward, callers } = proxy
      const own = callers.map((caller) => ({ ...forward, from: caller }))
      const back = own.map(({ from, to }): Link => ({ from: to, to: from }))
      const names = new Set([...own, ...back].map(linkName))
      return {
        ...{ name, listen, upstream, enabled, carries: speaks ?? protocol, connections: liveConnections },
        sent: rates.bytes.of(own),
        requests: requestsOf(proxy, own, rates),
        received: rates.bytes.of(back),
        offered: Object.entries(OFFERS).flatMap(([action, offer]) =>
          isFor(proxy, offer) ? [{ action, text: offer.text }] : [],
        ),
        activeFaults: faults
          .filter(({ fault }) => fault.links.some((link) => names.has(linkName(link))))
          .map(({ name }) => name),
      }
    }),
    faults: faults.map(({ name, fault, hits, recent, origin }) => ({
      ...{ name, hits, requests: [...recent].reverse(), kept: keptBecause(origin) },
      text: describeFaultAs(fault, fault.kind),
    })),
    events: plane.events
      .since(Math.max(0, plane.events.lastSequence - EVENTS_SHOWN))
      .map(({ at, type, sequence: _, ...members }) => ({
        at: at.slice(11, 19),
        text: [type.replaceAll('-', ' '), ...Object.values(members).map(String)].join(', '),
      }))
      .reverse(),
  }
}

/** The requests per second of an HTTP proxy, oldest first, and the latest mean latency. */
function requestsOf({ speaks }: ManagedProxy, own: readonly Link[], { requested, answered, waited }: Sampled) {
  if (speaks !== 'http') return undefined
  const replies = answered.of(own).at(-1) ?? 0
  return { perSecond: requested.of(own), meanMs: replies === 0 ? undefined : (waited.of(own).at(-1) ?? 0) / replies }
}

function recordingOf({ recording }: ControlPlane): ProxiesPage['recording'] {
  if (recording === undefined) return undefined
  const { ok, fail, info, unmatched } = recording.recorder.counters
  const judged = recording.judging?.judged()
  return {
    ...{ ok, fail, info, unmatched },
    files: recording.files.map(({ statistics: { path, writtenLines, lostLines } }) => ({
      ...{ path, lines: writtenLines, lost: lostLines },
    })),
    soFar: judged?.soFar,
    isViolated: judged?.violation !== undefined,
    because: judged && becauseOf(judged),
  }
}

/**
 * Describes the first violation. If there is none, returns the reason to doubt the recorded history, if there is one.
 */
function becauseOf({
  violation,
  doubt,
}: ReturnType<NonNullable<NonNullable<ControlPlane['recording']>['judging']>['judged']>): string | undefined {
  if (violation === undefined) return doubt
  const { sentence, noticedAfter } = violation
  return noticedAfter === 0 ? sentence : `${sentence} Noticed ${plural(noticedAfter, 'event')} after it happened.`
}

const counted = <Statistics>(
  statistics: ReadonlyMap<string, Statistics>,
  count: (statistics: Statistics) => number,
): ReadonlyMap<string, number> => new Map(Array.from(statistics, ([link, each]) => [link, count(each)]))

interface Sampled {
  readonly bytes: Rates
  readonly requested: Rates
  readonly answered: Rates
  readonly waited: Rates
}

interface Rates {
  add(totals: ReadonlyMap<string, number>): void
  /** Returns the links' total rate for each second, oldest first. */
  of(links: readonly Link[]): readonly number[]
}

function createRates(): Rates {
  let before: ReadonlyMap<string, number> | undefined
  let samples: readonly ReadonlyMap<string, number>[] = []
  return {
    add(now) {
      if (before !== undefined) {
        const last = before
        const gained = new Map([...now].map(([link, total]) => [link, Math.max(0, total - (last.get(link) ?? 0))]))
        samples = [...samples, gained].slice(-SAMPLES)
      }
      before = now
    },
    of: (links) => samples.map((sample) => links.reduce((sum, link) => sum + (sample.get(linkName(link)) ?? 0), 0)),
  }
}
