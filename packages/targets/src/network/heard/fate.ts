import type { Link } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { FaultRecord, NodeMessage } from '@chaosproxy/runner/result'

interface MessageTimes {
  readonly sentAt: Nanos
  /** When the receiver's socket accepted the message; undefined if it did not. */
  readonly deliveredAt: Nanos | undefined
  readonly closedAt: Nanos | undefined
}

interface Around {
  readonly link: Link
  /** Later events are ignored. */
  readonly until: Nanos
  readonly faults: readonly FaultRecord[]
}

type Fate = Pick<NodeMessage, 'fate' | 'by' | 'endedAt'>

/** The longest delay that may occur without a fault. */
const PROMPT_NANOS = 5e6

/**
 * Returns the fate of a message. Blames a fault only if it was in force at the time, on the link or at the receiver.
 */
export function fateOf({ sentAt, deliveredAt, closedAt }: MessageTimes, { link, until, faults }: Around): Fate {
  const during = (to: number): readonly FaultRecord[] =>
    faults.filter((record) => record.skipped === undefined && record.from <= to && record.to >= sentAt)
  if (deliveredAt !== undefined) {
    const pause = faults.find(
      (record) => isOf(record, 'pause', link.to) && record.from <= deliveredAt && record.to >= deliveredAt,
    )
    // A paused process cannot read the bytes that its socket still accepts, so the message is received when the pause
    // ends.
    if (pause !== undefined)
      return pause.to > until ? { fate: 'held', by: 'pause' } : { fate: 'received', by: 'pause', endedAt: pause.to }
    const by = deliveredAt - sentAt > PROMPT_NANOS ? onLink(during(deliveredAt), link) : undefined
    return { fate: 'received', ...named(by), endedAt: deliveredAt }
  }
  const endedAt = closedAt !== undefined && closedAt <= until ? closedAt : undefined
  const meanwhile = during(endedAt ?? until)
  const losing = meanwhile.find((record) => loses(record) && isOn(record, link))
  if (losing !== undefined)
    return { fate: 'lost', by: losing.fault.kind, endedAt: losing.from > sentAt ? losing.from : sentAt }
  const by = onLink(meanwhile, link)
  if (endedAt === undefined) return by === undefined ? { fate: 'on its way' } : { fate: 'held', by }
  const isDown = meanwhile.some((record) => isOf(record, 'kill', link.to))
  return { fate: 'lost', ...named(isDown ? 'down' : by), endedAt }
}

const named = (by: string | undefined): Pick<Fate, 'by'> => (by === undefined ? {} : { by })

const isOf = ({ fault, skipped }: FaultRecord, kind: 'kill' | 'pause', node: string): boolean =>
  skipped === undefined && fault.kind === kind && fault.nodes.includes(node)

const loses = ({ fault }: FaultRecord): boolean =>
  fault.kind === 'partition' ? fault.mode === 'drop' : LOSING.includes(fault.kind)

const LOSING: readonly string[] = ['blackhole', 'timeout', 'reset-peer']

const isOn = ({ fault }: FaultRecord, { from, to }: Link): boolean =>
  'links' in fault && fault.links.some((link) => link.from === from && link.to === to)

/** Returns the kind of the fault on the link or else on the reverse link: a connection needs both. */
const onLink = (records: readonly FaultRecord[], { from, to }: Link): string | undefined =>
  (
    records.find((record) => isOn(record, { from, to })) ??
    records.find((record) => isOn(record, { from: to, to: from }))
  )?.fault.kind
