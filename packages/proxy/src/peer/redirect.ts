import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { Endpoint } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Address, PeerFinder } from './peers.ts'

/** What a user's processes dial, and where they come to instead: a route of the proxy for that link alone. */
export interface Redirection {
  /** The node's own, a number: of the proxy's own user nothing may be redirected, or it would never reach a node. */
  readonly userId: number
  readonly to: Address
  readonly via: Address
}

export interface Redirections {
  /** Resolves once nobody is redirected any more; connections that were, stay. */
  close(): Promise<void>
}

const READY_WITHIN_MS = 5000
let tables = 0

/** The route of a redirected link knows who dials it, since nobody else is sent there. */
export const redirectedFrom = (endpoint: Endpoint): PeerFinder => ({
  by: 'kernel redirection',
  find: async () => endpoint,
})

/**
 * Has the kernel send what nodes dial to the proxy, with nothing to be configured in them: each runs as a user of its
 * own, and by that is told apart. For Linux, with the rights of root, by nftables' NAT of what leaves this machine.
 *
 * The table belongs to the nft that made it, which lives as long as its input is open: with this process, however that
 * ends, it goes.
 *
 * @throws UserError: usage for addresses that are none, environment where the kernel or nft will not.
 */
export async function redirectUsers(rules: readonly Redirection[]): Promise<Redirections> {
  const table = `inet chaos_${process.pid}_${++tables}`
  const commands = [
    `add table ${table} { flags owner; }`,
    `add chain ${table} out { type nat hook output priority -100; }`,
    ...rules.map((rule) => `add rule ${table} out ${ruleOf(rule)}`),
    `list table ${table}`,
  ]
  // Few redirect, and everybody would wait for it to be loaded.
  const { spawn } = await import('node:child_process')
  const nft = spawn('nft', ['-i'])
  const ended = once(nft, 'close').catch(() => undefined)
  // Where it is gone, that is told below.
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

/** Both addresses of one kind: the kernel does not make one into the other. */
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

/** What it says once all is done, up to the end of the list that it was asked for. */
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
