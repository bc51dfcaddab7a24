import { usageError } from '@chaosproxy/history'
import { printable } from '@chaosproxy/report'
import { parseDuration } from '../arguments/quantities.ts'
import type { Action } from './action.ts'
import type { LeaseAnswer } from './control-types.ts'
import { renderTable } from './tables.ts'

/** `chaos ctl` actions on leases. A fault whose lease is not renewed in time is removed. */
export const leaseActions: readonly Action[] = [
  {
    names: ['leases'],
    usage: '',
    summary: 'list every current lease with the faults that depend on it',
    async run({ client, style }) {
      const leases = (await client.get('/v1/leases')) as readonly LeaseAnswer[]
      if (leases.length === 0) return { data: leases, text: '  no leases\n' }
      const rows = leases.map(({ id, owner, remainingMs, ttlMs, faults }) => [
        id,
        owner,
        `${seconds(remainingMs)} of ${seconds(ttlMs)}`,
        faults.join(' ') || '-',
      ])
      return { data: leases, text: renderTable(['lease', 'owner', 'lasts', 'faults'], rows, style) }
    },
  },
  {
    names: ['lease'],
    usage: 'OWNER [DURATION]',
    summary: 'start a lease, of 30 s by default; faults added with --lease heal when it ends',
    async run({ client, words }) {
      const [owner, duration] = words
      if (owner === undefined) throw usageError('Name the owner of the lease: chaos ctl lease OWNER [DURATION]')
      const ttl = duration === undefined ? {} : { ttlMs: parseDuration('lease', duration) }
      const lease = (await client.send('POST', '/v1/leases', { owner, ...ttl })) as LeaseAnswer
      const use = `use it with chaos ctl add --lease ${lease.id}`
      return { data: lease, text: `  ${printable(`${lease.id}: lasts ${seconds(lease.ttlMs)}; ${use}`)}\n` }
    },
  },
  {
    names: ['renew'],
    usage: 'LEASE',
    summary: 'renew a lease',
    async run({ client, words }) {
      const lease = (await client.send('POST', `${pathOf(words[0])}/renew`)) as LeaseAnswer
      return { data: lease, text: `  ${printable(lease.id)}: lasts ${seconds(lease.ttlMs)} from now\n` }
    },
  },
  {
    names: ['end'],
    usage: 'LEASE',
    summary: 'end a lease, and heal every fault that depends on it',
    async run({ client, words }) {
      await client.send('DELETE', pathOf(words[0]))
      return { data: { ended: words[0] }, text: `  ${words[0]}: ended, its faults are healed\n` }
    },
  },
]

function pathOf(lease: string | undefined): string {
  if (lease === undefined) throw usageError('Name the lease. chaos ctl leases lists all leases.')
  return `/v1/leases/${encodeURIComponent(lease)}`
}

const seconds = (durationMs: number): string => `${durationMs / 1000} s`
