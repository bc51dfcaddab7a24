import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { linkName, type TcpFault } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { Network } from '@chaosproxy/proxy'
import type { Healed, Injected, LostContact } from '@chaosproxy/runner'
import type { LeasedEnd, LeasedFault } from './leased-fault.ts'
import { openRemoteHost, type RemoteHost } from './remote-host.ts'
import type { RemotePlan } from './remote-plan.ts'

export interface RemoteProxies {
  /** Injects a fault. Remote proxies affect the links of their hosts, and `here` affects all other links. */
  apply(fault: TcpFault, here: Network['apply']): Promise<Injected>
  close(): Promise<void>
}

/** @throws UserError as `openRemoteHost`. */
export async function openRemoteProxies(
  plans: readonly RemotePlan[],
  { version, signal }: { readonly version?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<RemoteProxies> {
  const owner = `run-${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const hosts = await Promise.all(plans.map((plan) => openRemoteHost(plan, { owner, version })))
  signal?.throwIfAborted()
  const inForce = new Set<LeasedFault>()
  return {
    async apply(fault, here) {
      const divided = shares(fault, hosts)
      const begun = await Promise.allSettled(divided.there.map(({ host, share }) => host.apply(share)))
      const leased = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const refused = begun.find((each) => each.status === 'rejected')
      for (const each of leased) inForce.add(each)
      const end = async (): Promise<Healed> => {
        const ends = await Promise.all(leased.map((each) => each.end()))
        for (const each of leased) inForce.delete(each)
        return healedBy(ends)
      }
      if (refused !== undefined) {
        const error = refused.reason instanceof Error ? refused.reason.message : String(refused.reason)
        const undone = await end()
        if (undone.type === 'failed' || undone.lost === undefined) return { type: 'failed', error }
        // One host refused the fault, but another host may have had it in force, or may still have it.
        const { lost } = undone
        return injected(async () => ({ ...undone, lost: { ...lost, why: `${error}; ${lost.why}` } }))
      }
      const local = divided.here === undefined ? undefined : here(divided.here)
      return injected(async () => {
        local?.remove()
        const healed = await end()
        return healed.type === 'failed' ? healed : { ...healed, hits: healed.hits + (local?.hits ?? 0) }
      })
    },
    async close() {
      await Promise.all([...inForce].map((each) => each.end()))
    },
  }
}

interface Shares {
  readonly there: readonly { readonly host: RemoteHost; readonly share: TcpFault }[]
  readonly here: TcpFault | undefined
}

function shares(fault: TcpFault, hosts: readonly RemoteHost[]): Shares {
  const there = hosts.flatMap((host) => {
    const links = host.carried(fault.links)
    return links.length === 0 ? [] : [{ host, share: { ...fault, links } }]
  })
  const elsewhere = new Set(there.flatMap(({ share }) => share.links.map(linkName)))
  const rest = fault.links.filter((link) => !elsewhere.has(linkName(link)))
  return { there, here: rest.length === 0 ? undefined : { ...fault, links: rest } }
}

function injected(end: () => Promise<Healed>): Injected {
  let ending: Promise<Healed> | undefined
  return {
    type: 'injected',
    heal(healed) {
      ending ??= end()
      ending.then(healed, (error: Error) => healed({ type: 'failed', error: error.message }))
    },
  }
}

/**
 * Combines the ends of the parts of a fault. The fault was complete only while all its parts were in force, and it
 * ended when the last part ended.
 */
function healedBy(ends: readonly LeasedEnd[]): Healed {
  const hits = ends.reduce((sum, end) => sum + end.hits, 0)
  const lost = ends.flatMap((end) => end.lost ?? [])
  if (lost.length === 0) return { type: 'healed', hits }
  const nowMs = performance.now()
  const ago = (timeMs: number): LostContact['knownAgo'] => nanos(Math.round((nowMs - timeMs) * 1e6))
  const overs = lost.map(({ overMs }) => overMs)
  const isOver = overs.every((overMs) => overMs !== undefined)
  return {
    type: 'healed',
    hits,
    lost: {
      why: [...new Set(lost.map(({ why }) => why))].join('; '),
      knownAgo: ago(Math.min(...lost.map(({ knownMs }) => knownMs))),
      ...(isOver ? { overAgo: ago(Math.max(...overs)) } : {}),
    },
  }
}
