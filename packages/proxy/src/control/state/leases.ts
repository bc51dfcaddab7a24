import { randomUUID } from 'node:crypto'
import { shorten } from './address.ts'
import { ControlError } from './errors.ts'
import type { EventLog } from './events.ts'
import { validateName } from './names.ts'

/** Keeps one owner's faults in force. They heal when the lease expires without being renewed. */
export interface Lease {
  readonly id: string
  readonly owner: string
  readonly ttlMs: number
  readonly remainingMs: number
}

export interface Leases {
  list(): readonly Lease[]
  /** @throws ControlError (404), also for an expired lease. */
  get(id: string): Lease
  /** @throws ControlError (400) for an owner that a terminal cannot show. */
  grant(owner: string, ttlMs: number): Lease
  /** Restarts the lease's full duration, as a heartbeat. @throws ControlError (404) */
  renew(id: string): Lease
  /** Ends the lease and heals its faults immediately. @throws ControlError (404) */
  end(id: string): void
  close(): void
}

interface Entry extends Omit<Lease, 'remainingMs'> {
  expiresAtMs: number
  timer: NodeJS.Timeout
}

/** @param heal removes every fault held by the lease. */
export function createLeases(events: EventLog, heal: (lease: string) => void): Leases {
  const entries: Map<string, Entry> = new Map()

  function find(id: string): Entry {
    const entry = entries.get(id)
    if (entry === undefined) throw new ControlError(404, `there is no lease "${shorten(id)}"; it may have expired`)
    return entry
  }

  function close(entry: Entry, how: 'lease-ended' | 'lease-expired'): void {
    clearTimeout(entry.timer)
    entries.delete(entry.id)
    heal(entry.id)
    events.emit({ type: how, lease: entry.id, owner: entry.owner })
  }

  const expireLater = (entry: Pick<Entry, 'id' | 'ttlMs'>): NodeJS.Timeout =>
    setTimeout(() => close(find(entry.id), 'lease-expired'), entry.ttlMs)

  return {
    list: () => [...entries.values()].map(viewOf),
    get: (id) => viewOf(find(id)),
    grant(owner, ttlMs) {
      validateName('an owner', owner)
      const id = randomUUID()
      const entry = { id, owner, ttlMs, expiresAtMs: performance.now() + ttlMs, timer: expireLater({ id, ttlMs }) }
      entries.set(id, entry)
      events.emit({ type: 'lease-granted', lease: id, owner })
      return viewOf(entry)
    },
    renew(id) {
      const entry = find(id)
      clearTimeout(entry.timer)
      entry.timer = expireLater(entry)
      entry.expiresAtMs = performance.now() + entry.ttlMs
      return viewOf(entry)
    },
    end: (id) => close(find(id), 'lease-ended'),
    close() {
      for (const entry of entries.values()) clearTimeout(entry.timer)
      entries.clear()
    },
  }
}

const viewOf = ({ id, owner, ttlMs, expiresAtMs }: Entry): Lease => ({
  id,
  owner,
  ttlMs,
  remainingMs: Math.max(0, Math.round(expiresAtMs - performance.now())),
})
