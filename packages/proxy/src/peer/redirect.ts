import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { Endpoint } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Address, PeerFinder } from './peers.ts'

/** Redirects one user's connections to an address to a proxy route for that link. */
export interface Redirection {
  /**
   * The node's own numeric user. It must not be the proxy's user: the proxy's own connections would be redirected too.
   */
  readonly userId: number
  readonly to: Address
  readonly via: Address
}

export interface Redirections {
  /** Resolves once the rules are removed; connections already redirected stay. */
  close(): Promise<void>
}

const READY_WITHIN_MS = 5000
let tables = 0

/** Only one endpoint is redirected to this route, so the route knows who dials it. */
export const redirectedFrom = (endpoint: Endpoint): PeerFinder => ({
  by: 'kernel redirection',
  find: async () => endpoint,
})

/**
 * Has the kernel redirect what nodes dial to the proxy, without configuring the nodes. Every node runs as its own user,
 * which identifies it. Needs Linux and root; uses nftables NAT on locally generated traffic.
 *
 * The table is owned by the nft process, which exits when its input closes. So the rules disappear with this process,
 * however it ends.
 *
 * @throws UserError: usage for an invalid address, environment if the kernel or nft refuses.
 */
export async function redirectUsers(rules: readonly Redirection[]): Promise<Redirections> {
  const table = `inet chaos_${process.pid}_${++tables}`
  const commands = [
    `add table ${table} { flags owner; }`,
    `add chain ${table} out { type nat hook output priority -100; }`,
    ...rules.map((rule) => `add rule ${table} out ${ruleOf(rule)}`),
    `list table ${table}`,
  ]
  // Rarely used: load it only here.
  const { spawn } = await import('node:child_process')
  const nft = spawn('nft', ['-i'])
  const ended = once(nft, 'close').catch(() => undefined)
  // A failure of nft is reported through its exit, below.
  nft.stdin.on('error', () => undefined)
  const close = async () => {
    nft.stdin.end()
    await ended
  }
  try {
    const listed = answerOf(nft)
    nft.stdin.write(`${commands.join('\n')}\n`)
    const made = (await listed).split(' dnat ').length - 1
    if (made !== rules.length) throw refused(`it made ${made} of ${rules.length} rules`)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

/** Both addresses must be of one family: NAT does not translate between them. */
function ruleOf({ userId, to, via }: Redirection): string {
  const [version, viaVersion] = [isIP(to.host), isIP(via.host)]
  if (version === 0 || version !== viaVersion)
    throw new UserError(
      'usage',
      `redirection of ${to.host} to ${via.host}: give two addresses, both IPv4 or both IPv6.`,
    )
  for (const number of [userId, to.port, via.port])
    if (!Number.isInteger(number) || number < 0)
      throw new UserError('usage', `redirection of ${to.host} to ${via.host}: ${number} is no port or user id.`)
  const kind = version === 4 ? 'ip' : 'ip6'
  const target = version === 4 ? via.host : `[${via.host}]`
  return `meta skuid ${userId} ${kind} daddr ${to.host} tcp dport ${to.port} dnat ${kind} to ${target}:${via.port}`
}

/** The output of nft once every command is done, recognised by the end of the listing requested last. */
async function answerOf(nft: ChildProcessWithoutNullStreams): Promise<string> {
  let said = ''
  let complained = ''
  const giveUp = setTimeout(() => nft.kill(), READY_WITHIN_MS)
  try {
    return await new Promise((resolve, reject) => {
      nft.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.endsWith('\n}\n')) resolve(said)
      })
      nft.stderr.setEncoding('utf8').on('data', (text: string) => {
        complained += text
        if (complained.includes('\n')) reject(refused(complained.trim().split('\n')[0] ?? ''))
      })
      nft.on('error', (error) => reject(refused(error.message)))
      nft.on('close', () => reject(refused(complained.trim() || 'it ended')))
    })
  } finally {
    clearTimeout(giveUp)
  }
}

const refused = (reason: string): UserError =>
  new UserError(
    'environment',
    `redirection by the kernel is not possible: nft: ${reason}. It needs Linux 5.12, nftables and root; otherwise give each link an address of its own.`,
  )
