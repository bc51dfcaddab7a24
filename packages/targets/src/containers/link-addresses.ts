import { spawnSync } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { UserError } from '@chaosproxy/history'
import type { Keeper } from '../command/keeper.ts'

/**
 * Addresses of this machine, one for each link: what is sent to it tells the proxy who dials whom. They lie in a range
 * that is reserved for measuring networks, and so in nobody's use.
 */
export interface LinkAddresses {
  readonly addresses: readonly string[]
  close(): void
}

const PREFIX = '198.19'
const PER_BLOCK = 254
const BLOCKS = 256
const REMOVED_WITHIN_MS = 10_000

/**
 * Adds this many addresses to the loopback interface. The keeper removes them if this process dies.
 *
 * @throws UserError (environment) if the system refuses.
 */
export function addLinkAddresses(count: number, keeper: Keeper): LinkAddresses {
  const addresses = freeAddresses(count)
  const lines = (verb: 'add' | 'del') => addresses.map((address) => `addr ${verb} ${address}/32 dev lo\n`).join('')
  const words = ['sh', '-c', 'printf %s "$0" | ip -force -batch -', lines('del')] as const
  const forget = keeper.undoLater({ words }, REMOVED_WITHIN_MS)
  const added = ip(lines('add'), false)
  const close = () => {
    ip(lines('del'), true)
    forget()
  }
  if (added === undefined) return { addresses, close }
  close()
  throw new UserError(
    'environment',
    `the links between containers need addresses of this machine, and ip says: ${added}. Run chaos as root (sudo); with containers of a rootless podman, in its own network: podman unshare --rootless-netns npx chaos …`,
  )
}

/** Whole blocks of which nobody has an address, so that two runs started at once rarely choose the same. */
function freeAddresses(count: number): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address))
  const taken = new Set(all.filter((address) => address.startsWith(`${PREFIX}.`)).map((each) => each.split('.')[2]))
  const first = process.pid % BLOCKS
  const found: string[] = []
  for (let i = 0; i < BLOCKS && found.length < count; i++) {
    const block = (first + i) % BLOCKS
    if (taken.has(String(block))) continue
    for (let host = 1; host <= PER_BLOCK && found.length < count; host++) found.push(`${PREFIX}.${block}.${host}`)
  }
  if (found.length === count) return found
  throw new UserError('environment', `${PREFIX}.0.0/16 has no ${count} addresses left: end other runs of chaos first.`)
}

/** What ip complains about. */
function ip(commands: string, force: boolean): string | undefined {
  const { status, stderr, error } = spawnSync('ip', [...(force ? ['-force'] : []), '-batch', '-'], {
    input: commands,
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return error?.message ?? stderr.trim().split('\n')[0] ?? 'it failed'
}
