import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { environmentError, type UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Keeper } from '../keeper/keeper.ts'
import { inTurn } from '../processes/in-turn.ts'
import { startTimeOf, type TreeRoot } from '../processes/process-tree.ts'

/** A redirected port. Traffic from one container to this port is sent to the proxy, which dials the port. */
export interface RedirectedPort {
  readonly from: string
  readonly to: string
  readonly port: number
  /** The address at which the proxy listens for this link only. */
  readonly via: Address
}

/**
 * The traffic between containers that did not go through the proxy: refused TCP packets, UDP datagrams that passed
 * directly, and packets that a cut dropped.
 */
export interface Refused {
  /** The number of refused packets, by `FROM>TO`. */
  readonly packets: ReadonlyMap<string, number>
  readonly connections: readonly DirectConnection[]
  /** The number of UDP datagrams that passed, by `FROM>TO`. */
  readonly datagrams: ReadonlyMap<string, number>
  /** The number of packets that a cut has dropped, by `FROM>TO`. */
  readonly cut: ReadonlyMap<string, number>
}

export type AddressPair = readonly [from: string, to: string]

/**
 * A connection that bypassed the proxy: the addresses and ports of its two ends. The refused packet came from the end
 * `from`.
 */
export interface DirectConnection {
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
}

/** The kernel's rules between containers, which end with this process. */
export interface ContainerRules {
  /**
   * Replaces the redirected ports, except for existing connections.
   *
   * @param refused Pairs whose traffic outside the proxy is refused and counted from now on.
   */
  redirect(ports: readonly RedirectedPort[], refused?: readonly AddressPair[]): Promise<void>
  /**
   * Drops the traffic between these pairs of addresses, which replace the pairs of an earlier call. TCP still passes,
   * because the proxy cuts TCP connections itself.
   */
  cut(pairs: readonly AddressPair[]): Promise<void>
  refused(): Promise<Refused>
  /** Lets all new traffic pass directly. Redirected connections remain. */
  release(): Promise<void>
  close(): Promise<void>
}

const ANSWERS_WITHIN_MS = 5_000
const PER_LINE = 50

/**
 * Opens an empty table. When this process ends, its nft process ends too; the kernel then removes the table, and
 * traffic is direct again. The table is named after the project, and the kernel allows only one owner of a table. So
 * two runs cannot use the same containers.
 *
 * @throws UserError (environment) if the kernel or nft refuses.
 */
export async function openRules(project: string, keeper: Keeper): Promise<ContainerRules> {
  const table = tableOf(project)
  const setup = emptyTable(table, ['prerouting', 'postrouting', 'forward priority -1'], false)
  const { run, close } = await openTable({ name: table, project, setup, keeper })
  let inForce: readonly AddressPair[] = []
  return {
    async redirect(ports, refused = []) {
      const commands = FAMILIES.flatMap((each) => {
        const nameOf = ({ from, to, port }: RedirectedPort) => `${from} . ${to} . ${port}`
        const pairs = refused.filter(([, to]) => each.has(to)).map(pairText)
        return redirecting(table, each, { sent: ports, received: ports, nameOf }).concat(
          elements(`${table} ${each.pairs}`, pairs),
          elements(`${table} ${each.datagrams}`, pairs),
        )
      })
      await run([commands.join('; ')])
    },
    async cut(pairs) {
      const commands = FAMILIES.flatMap((each) =>
        replaced(`${table} ${each.cut}`, {
          before: inForce.filter(([, to]) => each.has(to)).map(pairText),
          after: pairs.filter(([, to]) => each.has(to)).map(pairText),
        }),
      )
      inForce = pairs
      if (commands.length > 0) await run([commands.join('; ')])
    },
    async release() {
      await run([releasing(table)])
    },
    async refused() {
      const listing = await run([])
      return {
        packets: countsIn(listing, 'pairs'),
        connections: connectionsIn(listing),
        datagrams: countsIn(listing, 'datagrams'),
        cut: countsIn(listing, 'cut'),
      }
    },
    close,
  }
}

/** Returns the table of a project, by family and name. */
export const tableOf = (project: string): string => `inet chaos_${project.replaceAll(/\W/g, '_')}`

export interface OwnedTable {
  run(commands: readonly string[]): Promise<string>
  close(): Promise<void>
}

interface TableOptions {
  /** `inet chaos_shop`. */
  readonly name: string
  readonly project: string
  readonly setup: readonly string[]
  /** A process in whose network namespace the table is opened; by default this process. */
  readonly inside?: number | undefined
  /**
   * If this process dies, the keeper ends nft, and thereby removes the table, before it removes the proxy's addresses.
   */
  readonly keeper?: Keeper | undefined
}

/** @throws UserError (environment) if the kernel or nft refuses. */
export async function openTable({ name, project, setup, inside, keeper }: TableOptions): Promise<OwnedTable> {
  const nft =
    inside === undefined
      ? spawn('nft', ['-i'])
      : spawn('nsenter', ['--target', String(inside), '--net', '--', 'nft', '-i'])
  const { pid } = nft
  const root: TreeRoot | undefined =
    pid === undefined ? undefined : { pid, startTime: startTimeOf(pid), mark: '', forks: false }
  if (root !== undefined) keeper?.watch(root)
  const ended = once(nft, 'close').then(
    () => root && keeper?.forget(root),
    () => undefined,
  )
  // The error of a write is ignored, because the end of the process is reported.
  nft.stdin.on('error', () => undefined)
  const next = inTurn()
  const run = (commands: readonly string[]): Promise<string> =>
    next(() => answerOf(nft, [...commands, `list table ${name}`], project))
  const close = async () => {
    nft.stdin.end()
    await ended
  }
  try {
    await run(setup)
  } catch (error) {
    await close()
    throw error
  }
  return { run, close }
}

interface AddressFamily {
  readonly ip: 'ip' | 'ip6'
  readonly type: 'ipv4_addr' | 'ipv6_addr'
  readonly links: string
  readonly sources: string
  readonly pairs: string
  readonly open: string
  readonly datagrams: string
  readonly cut: string
  has(address: string): boolean
}

/** IANA protocol numbers: nft looks most names up in /etc/protocols, which slim images lack. */
const TCP = 6
const UDP = 17
const ICMP6 = 58

const family = (ip: AddressFamily['ip'], number: 4 | 6): AddressFamily => ({
  ip,
  type: `ipv${number}_addr`,
  links: `links${number}`,
  sources: `sources${number}`,
  pairs: `pairs${number}`,
  open: `open${number}`,
  datagrams: `datagrams${number}`,
  cut: `cut${number}`,
  has: (address) => isIPv6(address) === (number === 6),
})

export const FAMILIES: readonly AddressFamily[] = [family('ip', 4), family('ip6', 6)]

/**
 * Returns the commands that create a table with empty sets. The table redirects traffic before the engine's own rules,
 * which have priority -100, and restores the caller's address before the engine's masquerade. If `isWithin` is true,
 * the table is for a container's own network. The container is then the only sender, so the keys in `links` and `pairs`
 * do not contain the sender's address.
 *
 * @param hooks for redirecting, for restoring, and for all other traffic.
 */
export const emptyTable = (
  table: string,
  [sent, received, direct]: readonly [string, string, string],
  isWithin: boolean,
): readonly string[] => [
  `add table ${table} { flags owner; }`,
  `add chain ${table} sent { type nat hook ${sent} priority -101; }`,
  `add chain ${table} received { type nat hook ${received} priority 99; }`,
  `add chain ${table} direct { type filter hook ${direct}; }`,
  ...FAMILIES.flatMap((each) => {
    const { ip, type, links, sources, pairs, datagrams, cut } = each
    const [pair, named] = isWithin ? [type, `${ip} daddr`] : [`${type} . ${type}`, `${ip} saddr . ${ip} daddr`]
    return [
      `add map ${table} ${links} { type ${pair} . inet_service : ${type} . inet_service; }`,
      `add map ${table} ${sources} { type ${type} : ${type}; }`,
      `add set ${table} ${pairs} { type ${pair}; counter; }`,
      // The connections that were already open (see `noteOpen`). If this set is full, no more connections are noted,
      // but their packets are still rejected, because a separate rule rejects them.
      `add set ${table} ${each.open} { type ${each.type} . inet_service . ${each.type} . inet_service; size 4096; flags dynamic; }`,
      `add set ${table} ${datagrams} { type ${pair}; counter; }`,
      `add set ${table} ${cut} { type ${pair}; counter; }`,
      `add rule ${table} sent meta l4proto tcp dnat ${ip} to ${named} . tcp dport map @${links}`,
      `add rule ${table} received meta l4proto tcp snat ${ip} to ${ip} saddr map @${sources}`,
      `add rule ${table} direct meta l4proto tcp ${named} @${pairs} ${noteOpen(each)}`,
      `add rule ${table} direct meta l4proto tcp ${named} @${pairs} reject with tcp reset`,
      `add rule ${table} direct ${NOT_TCP} ${named} @${cut} drop`,
      `add rule ${table} direct meta l4proto ${UDP} ${named} @${datagrams}`,
    ]
  }),
]

/**
 * Returns the commands that replace all redirected ports of an address family: the contents of its maps `links` and
 * `sources`. `nameOf` returns a port's key in `links`.
 */
export function redirecting(
  table: string,
  family: AddressFamily,
  { sent, received, nameOf }: Redirecting,
): readonly string[] {
  const own = (ports: readonly RedirectedPort[]) => ports.filter(({ to }) => family.has(to))
  const links = own(sent).map((each) => `${nameOf(each)} : ${each.via.host} . ${each.via.port}`)
  const sources = [...new Set(own(received).map(({ via, from }) => `${via.host} : ${from}`))]
  return [`flush map ${table} ${family.links}`, `flush map ${table} ${family.sources}`].concat(
    elements(`${table} ${family.links}`, links),
    elements(`${table} ${family.sources}`, sources),
  )
}

interface Redirecting {
  readonly sent: readonly RedirectedPort[]
  readonly received: readonly RedirectedPort[]
  readonly nameOf: (port: RedirectedPort) => string
}

/** Returns the command that lets all new traffic pass directly. */
export const releasing = (table: string): string =>
  [...FAMILIES.map(({ links }) => `flush map ${table} ${links}`), `flush chain ${table} direct`].join('; ')

/**
 * Matches packets other than TCP and IPv6 neighbour discovery: a cut in one direction must not break the discovery in
 * the other.
 */
const NOT_TCP = `meta l4proto != { ${TCP}, ${ICMP6} }`

/**
 * Returns a rule that notes connections that were already open. The rule ignores packets with SYN and without ACK,
 * because such a packet opens a new connection.
 */
const noteOpen = ({ ip, open }: AddressFamily): string =>
  `tcp flags & (syn | ack) != syn add @${open} { ${ip} saddr . tcp sport . ${ip} daddr . tcp dport }`

/** A pattern for an address of either family. */
export const ADDRESS = '([\\da-f.:]+)'
const OPEN = new RegExp(`${ADDRESS} \\. (\\d+) \\. ${ADDRESS} \\. (\\d+)`, 'g')

export const connectionsIn = (listing: string): readonly DirectConnection[] =>
  [...elementsIn(listing, 'open').matchAll(OPEN)].map(([, from = '', fromPort, to = '', toPort]) => ({
    ...{ from, fromPort: Number(fromPort), to, toPort: Number(toPort) },
  }))

export function elements(into: string, all: readonly string[], verb: 'add' | 'delete' = 'add'): string[] {
  const lines: string[] = []
  for (let i = 0; i < all.length; i += PER_LINE)
    lines.push(`${verb} element ${into} { ${all.slice(i, i + PER_LINE).join(', ')} }`)
  return lines
}

/** Returns the commands that change a set from `before` to `after`. Elements in both keep their packet counters. */
export const replaced = (
  set: string,
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
): readonly string[] => [
  ...elements(
    set,
    before.filter((each) => !after.includes(each)),
    'delete',
  ),
  ...elements(
    set,
    after.filter((each) => !before.includes(each)),
  ),
]

const pairText = ([from, to]: AddressPair): string => `${from} . ${to}`

/** Resolves with the output of nft, up to the end of the table's listing. */
async function answerOf(
  nft: ChildProcessWithoutNullStreams,
  commands: readonly string[],
  project: string,
): Promise<string> {
  const removals: (() => void)[] = []
  const giveUp = setTimeout(() => nft.kill(), ANSWERS_WITHIN_MS)
  try {
    return await new Promise((resolve, reject) => {
      let output = ''
      let complained = ''
      const on = (emitter: NodeJS.EventEmitter, event: string, listener: (value: Buffer | Error) => void) => {
        emitter.on(event, listener)
        removals.push(() => emitter.off(event, listener))
      }
      on(nft.stdout, 'data', (text) => {
        output += text
        if (output.endsWith('\n}\n')) resolve(output)
      })
      on(nft.stderr, 'data', (text) => {
        complained += text
        if (complained.includes('\n')) reject(refusal(complained.trim().split('\n')[0] ?? '', project))
      })
      on(nft, 'error', (error) => reject(refusal((error as Error).message, project)))
      on(nft, 'close', () => reject(refusal('it ended', project)))
      nft.stdin.write(`${commands.join('\n')}\n`)
    })
  } finally {
    clearTimeout(giveUp)
    for (const remove of removals) remove()
  }
}

function refusal(complaint: string, project: string): UserError {
  const advice = complaint.includes('ENOENT')
    ? 'Install nftables (apt-get install nftables).'
    : complaint.includes('not permitted')
      ? `Either another chaos stands between the containers of ${project}: end it first; or this is not root: use sudo, or, with a rootless podman, podman unshare --rootless-netns npx chaos …`
      : 'It needs Linux 5.12 and nftables 1.0.'
  return environmentError(`the links of ${project} cannot be redirected: nft: ${complaint}. ${advice}`)
}

/** Returns the elements of the sets with this name in both families. */
export const elementsIn = (listing: string, set: string): string =>
  [...listing.matchAll(new RegExp(`set ${set}\\d \\{[^{}]*?elements = \\{(.*?)\\}`, 'gs'))]
    .map(([, found = '']) => found)
    .join()

const COUNTED = new RegExp(`${ADDRESS} \\. ${ADDRESS} counter packets (\\d+)`, 'g')

const countsIn = (listing: string, set: string): ReadonlyMap<string, number> =>
  new Map(
    [...elementsIn(listing, set).matchAll(COUNTED)].map(([, from, to, count]) => [`${from}>${to}`, Number(count)]),
  )
