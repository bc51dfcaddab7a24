import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'

/** What one container sends to a port of another goes to the proxy, which dials on from this address. */
export interface RedirectedPort {
  readonly from: string
  readonly to: string
  readonly port: number
  /** Where the proxy listens, at an address that only this link has. */
  readonly via: Address
}

/** Rules of the kernel between containers, which last no longer than this process. */
export interface ContainerRules {
  /** Replaces the redirected ports. Existing connections stay as they are. */
  redirect(ports: readonly RedirectedPort[]): Promise<void>
  /** Refuses what any of these addresses sends another without the proxy, and counts it; pairs are never taken back. */
  refuseDirect(pairs: readonly (readonly [string, string])[]): Promise<void>
  /** How many packets were refused, by `FROM>TO`. */
  refused(): Promise<ReadonlyMap<string, number>>
  /** Lets everything pass directly. Connections that were redirected stay so until they end. */
  release(): Promise<void>
  close(): Promise<void>
}

const ANSWERS_WITHIN_MS = 5_000
const PER_LINE = 50

/**
 * Opens an empty table. It is owned by an nft process that ends with this one, and the kernel removes it then: traffic
 * is direct again at once. Only one table of a name can exist, so two runs cannot stand between the same containers.
 *
 * @throws UserError (environment) if the kernel or nft refuses.
 */
export async function openRules(project: string): Promise<ContainerRules> {
  const table = tableOf(project)
  const { run, close } = await openTable({ name: table, project, setup: emptyTable(table) })
  return {
    async redirect(ports) {
      const links = ports.map(({ from, to, port, via }) => `${from} . ${to} . ${port} : ${via.host} . ${via.port}`)
      const sources = [...new Set(ports.map(({ via, from }) => `${via.host} : ${from}`))]
      await run([
        [`flush map ${table} links`, `flush map ${table} sources`]
          .concat(elements(`${table} links`, links), elements(`${table} sources`, sources))
          .join('; '),
      ])
    },
    async refuseDirect(pairs) {
      const both = pairs.map(([from, to]) => `${from} . ${to}`)
      await run(elements(`${table} pairs`, both))
    },
    async release() {
      await run([`flush map ${table} links; flush chain ${table} direct`])
    },
    refused: async () => countsIn(await run([])),
    close,
  }
}

/** The table of a project, by family and name. */
export const tableOf = (project: string): string => `inet chaos_${project.replaceAll(/\W/g, '_')}`

/** A table of the kernel that lasts no longer than this process. */
export interface OwnedTable {
  /** Runs the commands and returns the table as it is then. */
  run(commands: readonly string[]): Promise<string>
  close(): Promise<void>
}

export interface TableOptions {
  /** `inet chaos_shop`. */
  readonly name: string
  /** Whose links it is about, for messages. */
  readonly project: string
  readonly setup: readonly string[]
  /** A process in whose network it is opened; by default this one. */
  readonly inside?: number | undefined
}

/** @throws UserError (environment) if the kernel or nft refuses. */
export async function openTable({ name, project, setup, inside }: TableOptions): Promise<OwnedTable> {
  const nft =
    inside === undefined
      ? spawn('nft', ['-i'])
      : spawn('nsenter', ['--target', String(inside), '--net', '--', 'nft', '-i'])
  const ended = once(nft, 'close').catch(() => undefined)
  // Its end reports a failure.
  nft.stdin.on('error', () => undefined)
  let last: Promise<unknown> = Promise.resolve()
  const run = (commands: readonly string[]): Promise<string> => {
    const listed = last.then(() => answerOf(nft, [...commands, `list table ${name}`], project))
    last = listed.catch(() => undefined)
    return listed
  }
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

/** Redirects before the engine's own rules, which have priority -100; gives the caller's address back before its masquerade. */
const emptyTable = (table: string): readonly string[] => [
  `add table ${table} { flags owner; }`,
  `add map ${table} links { type ipv4_addr . ipv4_addr . inet_service : ipv4_addr . inet_service; }`,
  `add map ${table} sources { type ipv4_addr : ipv4_addr; }`,
  `add set ${table} pairs { type ipv4_addr . ipv4_addr; counter; }`,
  `add chain ${table} before { type nat hook prerouting priority -101; }`,
  `add chain ${table} after { type nat hook postrouting priority 99; }`,
  `add chain ${table} direct { type filter hook forward priority -1; }`,
  `add rule ${table} before meta l4proto tcp dnat ip to ip saddr . ip daddr . tcp dport map @links`,
  `add rule ${table} after meta l4proto tcp snat ip to ip saddr map @sources`,
  `add rule ${table} direct meta l4proto tcp ip saddr . ip daddr @pairs reject with tcp reset`,
]

/** The commands that add elements to a map or a set. */
export function elements(into: string, all: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i < all.length; i += PER_LINE)
    lines.push(`add element ${into} { ${all.slice(i, i + PER_LINE).join(', ')} }`)
  return lines
}

/** What nft prints until it has listed the table. */
async function answerOf(
  nft: ChildProcessWithoutNullStreams,
  commands: readonly string[],
  project: string,
): Promise<string> {
  const removals: (() => void)[] = []
  const giveUp = setTimeout(() => nft.kill(), ANSWERS_WITHIN_MS)
  try {
    return await new Promise((resolve, reject) => {
      let said = ''
      let complained = ''
      const on = (emitter: NodeJS.EventEmitter, event: string, listener: (value: Buffer | Error) => void) => {
        emitter.on(event, listener)
        removals.push(() => emitter.off(event, listener))
      }
      on(nft.stdout, 'data', (text) => {
        said += text
        if (said.endsWith('\n}\n')) resolve(said)
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
  return new UserError('environment', `the links of ${project} cannot be redirected: nft: ${complaint}. ${advice}`)
}

const COUNTED = /([\d.]+) \. ([\d.]+) counter packets (\d+)/g

const countsIn = (listing: string): ReadonlyMap<string, number> =>
  new Map([...listing.matchAll(COUNTED)].map(([, from, to, count]) => [`${from}>${to}`, Number(count)]))
