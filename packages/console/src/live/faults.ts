import { describeFault, linkName, parseFault } from '@chaosproxy/faults'
import { type Event, type Json, membersOf } from '@chaosproxy/history'
import type { FaultRow } from '../browser/frames.ts'

/** The greatest number of faults listed. Faults in force are never dropped. */
const MOST_LISTED = 200

/** The faults of a run, read from its history. */
export interface FaultLog {
  readonly version: number
  readonly rows: readonly FaultRow[]
}

export const noFaults: FaultLog = { version: 0, rows: [] }

export function loggedFault({ version, rows }: FaultLog, event: Event): FaultLog {
  const members = membersOf(event.value)
  const id = typeof members['id'] === 'string' ? members['id'] : undefined
  if (id === undefined) return { version, rows }
  const at = event.time / 1e6
  if (event.f === 'heal') {
    const hits = typeof members['hits'] === 'number' ? members['hits'] : undefined
    return { version: version + 1, rows: rows.map((row) => (row.id === id ? { ...row, to: at, hits } : row)) }
  }
  const row = { id, kind: event.f, byHand: id.startsWith('by hand'), from: at, ...placesOf(event.f, members) }
  return { version: version + 1, rows: trimmed([...rows, row]) }
}

/** Returns by how many milliseconds faults have put a node's clock ahead. */
export function clockOf(node: string, rows: readonly FaultRow[], now: number): number | undefined {
  const own = rows.filter(({ clock, to, nodes }) => clock !== undefined && to === undefined && nodes.includes(node))
  if (own.length === 0) return undefined
  return own.reduce((sum, { clock, from }) => {
    const { offsetMs = 0, driftPpm = 0 } = clock ?? {}
    return sum + offsetMs + ((now - from) * driftPpm) / 1e6
  }, 0)
}

function placesOf(kind: string, members: { readonly [member: string]: Json }) {
  try {
    const fault = parseFault({ ...members, kind }, kind, ['id', 'began'])
    return {
      text: describeFault(fault),
      nodes: 'nodes' in fault ? fault.nodes : [],
      links: 'links' in fault ? fault.links.map(linkName) : [],
      ...(fault.kind === 'clock' ? { clock: { offsetMs: fault.offsetMs, driftPpm: fault.driftPpm } } : {}),
    }
  } catch {
    // A fault of a later version of chaos is shown by its kind.
    return { text: kind, nodes: [], links: [] }
  }
}

function trimmed(rows: readonly FaultRow[]): readonly FaultRow[] {
  if (rows.length <= MOST_LISTED) return rows
  const oldest = rows.find((row) => row.to !== undefined)
  return rows.filter((row) => row !== oldest)
}
