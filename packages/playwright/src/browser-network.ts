import { connect } from 'node:net'
import {
  type Link,
  linkName,
  linksBetween,
  type MessageMatch,
  parseTrafficFault,
  type TrafficFault,
} from '@chaosproxy/faults'
import { type FaultDraft, type RecordDraft, type Recording, type Run, record, UserError } from 'chaosproxy'
import { assertLevel } from 'chaosproxy/matchers'
import type { Heal, Links } from './links.ts'
import { openPageLinks } from './page-links.ts'
import { withoutCompression } from './plain-messages.ts'
import { addressOf, parseServers, type Server, type Servers, serverAt } from './servers.ts'
import { openSocksServer, type SocksServer, type Way } from './socks-server.ts'

export type { Heal } from './links.ts'
export type { Servers } from './servers.ts'

/** The servers of the network. Members of `RecordedDraft` say how the requests of browser pages are recorded. */
export interface NetworkDraft extends Partial<RecordedDraft> {
  readonly servers: Servers
  /** The seed of the faults; by default 1. */
  readonly seed?: number | undefined
}

/** The proxy setting of a browser: `proxy` of `browser.newContext` and `browserType.launch`. */
export interface BrowserProxy {
  readonly server: string
}

/** The page's name in a test that gives none. */
const USUAL_PAGE = 'page'

/** The network of a test's pages. The pages' URLs stay unchanged, and their traffic can be cut, delayed and lost. */
export class BrowserNetwork {
  readonly #servers: readonly Server[]
  readonly #links: Links
  readonly #recorded: RecordedLinks | undefined
  readonly #proxies: Map<string, Promise<SocksServer>> = new Map()
  readonly #heals: Set<Heal> = new Set()
  #judged: Promise<Run> | undefined

  private constructor(servers: readonly Server[], links: Links, recorded: RecordedLinks | undefined) {
    this.#servers = servers
    this.#links = links
    this.#recorded = recorded
  }

  /**
   * Opens a network to the named servers. Pages reach all other servers directly.
   *
   * @throws UserError (usage, input) for an invalid server or table.
   */
  static async open({ servers, seed = 1, as, ...rest }: NetworkDraft): Promise<BrowserNetwork> {
    const parsed = parseServers(servers)
    if (as === undefined) return new BrowserNetwork(parsed, openPageLinks(parsed, seed), undefined)
    const recorded = await openRecordedLinks(parsed, { ...rest, as, seed })
    return new BrowserNetwork(parsed, recorded, recorded)
  }

  /**
   * Returns the proxy setting that routes a browser or context through the network. Pages with different names have
   * separate links; recorded pages share the link `clients`.
   */
  async proxy(name: string = USUAL_PAGE): Promise<BrowserProxy> {
    if (this.#servers.some((server) => server.name === name) || !/^[\w.-]+$/.test(name))
      throw new UserError(
        'usage',
        `proxy: a browser page cannot have the name ${JSON.stringify(name)}. Use only letters, digits, "_", "." and "-", and not the name of a server.`,
      )
    await this.#links.join(name)
    const opening = this.#proxies.get(name) ?? openSocksServer((host, port) => this.#wayTo(name, host, port))
    this.#proxies.set(name, opening)
    return { server: (await opening).url }
  }

  /**
   * Silently drops all traffic from `from` to `to`; the other direction passes. Either end may be a page or a server.
   */
  cut(from: string, to: string): Promise<Heal> {
    return this.#inject('cut', { kind: 'partition', links: [{ from, to }] })
  }

  /** Cuts all links between different groups, in both directions. Connections stay open, but nothing arrives. */
  partition(...groups: readonly (readonly string[])[]): Promise<Heal> {
    return this.#inject('partition', { kind: 'partition', links: linksBetween(groups) })
  }

  /** Delays everything that one end sends to the other. */
  delay(from: string, to: string, latencyMs: number): Promise<Heal> {
    return this.#inject('delay', { kind: 'latency', latencyMs, links: [{ from, to }] })
  }

  /**
   * Drops matching WebSocket messages: messages that contain a text, or JSON messages with a member, such as `{ member:
   * 'type', equals: 'join' }`. The connection stays open.
   */
  lose(from: string, to: string, message: string | MessageMatch): Promise<Heal> {
    const match = typeof message === 'string' ? { contains: message } : message
    return this.#inject('lose', { kind: 'drop-message', match, links: [{ from, to }] })
  }

  /**
   * Injects any fault by its name and parameters, as `chaos ctl kinds` lists them: `{ kind: 'lose-reply', match: {
   * path: '/orders' } }`. Without `links`, it acts from every page to every server. Resolves once the fault is in
   * force.
   *
   * @throws UserError for an unknown fault, or a fault that these links cannot suffer.
   */
  hurt(fault: FaultDraft): Promise<Heal> {
    return this.#inject(`hurt(${fault.kind})`, fault)
  }

  /** Heals every fault in force. */
  async heal(): Promise<void> {
    await Promise.all([...this.#heals].map((heal) => heal()))
  }

  /**
   * Heals all faults, ends the recording, and judges the requests by a level, such as `linearizable` or `eventual`. May
   * be called again for another level.
   *
   * @throws AssertionError if the requests do not meet the level (with a drawing of the counterexample), if the verdict
   * is unknown, or if the run proves nothing.
   * @throws UserError if nothing is recorded, or if the level does not exist.
   */
  async check(level: string): Promise<Run> {
    if (this.#recorded === undefined)
      throw new UserError('usage', 'check: nothing is recorded. Give "as" with a route table, next to "servers".')
    await this.heal()
    this.#judged ??= this.#recorded.stop()
    const run = await this.#judged
    assertLevel(run, level)
    return run
  }

  /** Returns the directory of the judged run, which holds its report; undefined before `check`. */
  async directory(): Promise<string | undefined> {
    return (await this.#judged?.catch(() => undefined))?.directory
  }

  /** Resets the pages' connections, and closes the network. */
  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map(async (opening) => (await opening).close()))
    await this.#links.close()
  }

  #wayTo(page: string, host: string, port: number): Way {
    const server = serverAt(this.#servers, host, port)
    const settings = { allowHalfOpen: true, noDelay: true }
    if (server === undefined) return { connect: () => connect({ ...settings, host, port }) }
    return {
      connect: () => connect({ ...settings, host: '127.0.0.1', port: this.#links.portOf(page, server.name) }),
      sent: withoutCompression(),
    }
  }

  async #inject(where: string, draft: FaultDraft): Promise<Heal> {
    const { pages } = this.#links
    const names = this.#servers.map(({ name }) => name)
    const everywhere = pages.flatMap((from) => names.map((to) => ({ from, to })))
    const fault = parseTrafficFault({ links: everywhere, ...draft }, where)
    requireLinks(where, fault.links, pages, names)
    const heal = await this.#links.inject(fault)
    let healed: Promise<number> | undefined
    const once: Heal = () => {
      healed ??= heal().finally(() => this.#heals.delete(once))
      return healed
    }
    this.#heals.add(once)
    return once
  }
}

/** @throws UserError (usage) for a link that is not between a page and a server. */
function requireLinks(
  where: string,
  links: readonly Link[],
  pages: readonly string[],
  servers: readonly string[],
): void {
  const ends = links.flatMap(({ from, to }) => [from, to])
  const stranger = ends.find((end) => !pages.includes(end) && !servers.includes(end))
  const known = `Pages: ${pages.join(', ') || 'none yet: give the context proxy() first'}. Servers: ${servers.join(', ') || 'none'}.`
  if (stranger !== undefined)
    throw new UserError('usage', `${where}: there is no page or server ${JSON.stringify(stranger)}. ${known}`)
  const alike = links.find(({ from, to }) => pages.includes(from) === pages.includes(to))
  if (alike !== undefined || links.length === 0)
    throw new UserError('usage', `${where}: a link must connect a browser page and a server. ${known}`)
}

interface RecordedDraft extends Pick<RecordDraft, 'model' | 'initial' | 'timeoutMs' | 'out'> {
  /** A route table, or its path, as for `record` of chaosproxy. */
  readonly as: string | object
}

/** Links whose requests are recorded. In the recording, all pages are one client with the name `clients`. */
interface RecordedLinks extends Links {
  stop(): Promise<Run>
}

/** @throws UserError (usage, input) for traffic that cannot be recorded. */
async function openRecordedLinks(
  servers: readonly Server[],
  { as, ...draft }: RecordedDraft & { readonly seed: number },
): Promise<RecordedLinks> {
  const secure = servers.find(({ isSecure }) => isSecure)
  if (secure !== undefined)
    throw new UserError(
      'usage',
      `servers: ${secure.name} speaks HTTPS, and pages are recorded over HTTP only. Leave "as" out, or let this server speak HTTP in the test.`,
    )
  const recording = await record({
    ...draft,
    upstream: Object.fromEntries(servers.map((server) => [server.name, addressOf(server)])),
    as: typeof as === 'string' ? as : JSON.stringify({ websocket: true, ...as }),
  })
  return {
    pages: ['clients'],
    portOf: (_, server) => Number(recording.address(server).split(':').at(-1)),
    join: async () => {},
    inject: (fault) => recording.hurt(withLinkNames(fault)),
    stop: () => recording.stop(),
    async close() {
      await closed(recording)
    },
  }
}

const withLinkNames = ({ links, ...fault }: TrafficFault) => ({ ...fault, links: links.map(linkName) })

/** Ends the recording. Errors are ignored, because the test itself judges the recording. */
async function closed(recording: Recording): Promise<void> {
  await Promise.allSettled([recording.stop()])
}
