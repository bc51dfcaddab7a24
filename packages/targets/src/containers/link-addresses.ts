import { spawnSync } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { environmentError } from '@chaosproxy/history'
import type { Keeper } from '../keeper/keeper.ts'
import { ownAddress6, ownerOf, ownLabel } from './address-owner.ts'
import type { Family } from './engine.ts'
import { groupsOf } from './ipv6-groups.ts'

/**
 * Addresses of this machine, one for each link. They tell the proxy which container dials and which is dialled. Their
 * ranges are reserved for benchmarking networks, so no other network uses them.
 */
export interface LinkAddresses {
  readonly addresses: readonly string[]
  close(): void
}

const PREFIX = '198.19'
const PER_BLOCK = 254
const BLOCKS = 256
const MOST6 = 0xffff
const REMOVED_WITHIN_MS = 10_000

/**
 * Adds an address of each family to the loopback interface. If this process dies, the keeper removes the addresses. If
 * the keeper dies, too, the next process that adds addresses removes them.
 *
 * @throws UserError (environment) if the system refuses.
 */
export function addLinkAddresses(families: readonly Family[], keeper: Keeper): LinkAddresses {
  removeAbandoned()
  const addresses = freeAddresses(families)
  const label = ownLabel()
  const lines = (verb: Verb) => addresses.map((address) => line(verb, address, label)).join('')
  const words = ['sh', '-c', 'printf %s "$0" | ip -force -batch -', lines('del')] as const
  const forget = keeper.undoLater({ words }, { timeoutMs: REMOVED_WITHIN_MS })
  const added = ip(lines('add'), false)
  const close = () => {
    ip(lines('del'), true)
    forget()
  }
  if (added === undefined) return { addresses, close }
  close()
  throw environmentError(
    `the links between containers need addresses on this machine, and the command ip failed: ${added}. Run chaos as root (sudo). If a rootless podman runs the containers, run chaos in its network: podman unshare --rootless-netns npx chaos …`,
  )
}

type Verb = 'add' | 'del'

/**
 * Returns a command of `ip` that adds or removes an address. A removal names the label, because another process may
 * have taken the address over. Without `nodad`, an IPv6 address is unusable until a kernel worker has checked it (RFC
 * 4862, 5.4).
 */
const line = (verb: Verb, address: string, label: string): string =>
  isIPv6(address)
    ? `addr ${verb} ${address}/128 dev lo${verb === 'add' ? ' nodad' : ''}\n`
    : `addr ${verb} ${address}/32 dev lo label ${label}\n`

/** Removes the addresses of processes that were killed together with their keepers. */
function removeAbandoned(): void {
  const lines = Object.entries(networkInterfaces()).flatMap(([label, each = []]) =>
    each
      .filter(({ address }) => ownerOf(label, address)?.lives === false)
      .map(({ address }) => line('del', address, label)),
  )
  if (lines.length > 0) ip(lines.join(''), true)
}

function freeAddresses(families: readonly Family[]): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address))
  const count = (wanted: Family) => families.filter((family) => family === wanted).length
  const free = { 4: freeAddresses4(count(4), all).values(), 6: freeAddresses6(count(6), all).values() }
  return families.map((family) => free[family].next().value ?? '')
}

/** Returns free IPv6 addresses. The prefix belongs to this process alone. */
function freeAddresses6(count: number, all: readonly string[]): readonly string[] {
  const nameOf = (address: string) => groupsOf(address).join()
  const taken = new Set(all.filter(isIPv6).map(nameOf))
  const found: string[] = []
  for (let index = 1; index <= MOST6 && found.length < count; index++) {
    const address = ownAddress6(index)
    if (!taken.has(nameOf(address))) found.push(address)
  }
  return found
}

/**
 * Returns free IPv4 addresses, in whole unused blocks. Two runs that start at the same moment rarely choose the same
 * block.
 */
function freeAddresses4(count: number, all: readonly string[]): readonly string[] {
  const taken = new Set(all.filter((address) => address.startsWith(`${PREFIX}.`)).map((each) => each.split('.')[2]))
  const first = process.pid % BLOCKS
  const found: string[] = []
  for (let i = 0; i < BLOCKS && found.length < count; i++) {
    const block = (first + i) % BLOCKS
    if (taken.has(String(block))) continue
    for (let host = 1; host <= PER_BLOCK && found.length < count; host++) found.push(`${PREFIX}.${block}.${host}`)
  }
  if (found.length === count) return found
  throw environmentError(`${PREFIX}.0.0/16 has fewer than ${count} free addresses: end other runs of chaos first.`)
}

/** Runs commands of `ip`, and returns the error that it prints. */
function ip(commands: string, force: boolean): string | undefined {
  const { status, stderr, error } = spawnSync('ip', [...(force ? ['-force'] : []), '-batch', '-'], {
    input: commands,
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return error?.message ?? stderr.trim().split('\n')[0] ?? 'it failed'
}
