import { describeFault, linkName, parseFault } from '@chaosproxy/faults'
import { type Event, type Json, membersOf, type Nanos, type Process } from '@chaosproxy/history'
import { given } from '../arguments/declare.ts'
import type { Attributes } from './packages.ts'

/** A completed operation or fault, in the form of a span. */
export interface FinishedSpan {
  readonly of: 'operation' | 'fault'
  readonly name: string
  readonly from: Nanos
  readonly to: Nanos
  readonly attributes: Attributes
  readonly error: string | undefined
}

interface SpanLog {
  /** Returns the span that this event ends, if any. */
  note(event: Event): FinishedSpan | undefined
  endAll(at: Nanos): readonly FinishedSpan[]
}

type Members = { readonly [member: string]: Json }

interface FaultBegun {
  readonly kind: string
  readonly from: Nanos
  readonly text: string
  readonly attributes: Attributes
}

const UNANSWERED = 'no answer by the end of the run'
const LONGEST_VALUE = 200

export function createSpanLog(): SpanLog {
  const operations = new Map<Process, Event>()
  const faults = new Map<string, FaultBegun>()

  function noteFault({ f, value, time }: Event): FinishedSpan | undefined {
    const members = membersOf(value)
    const { id } = members
    if (typeof id !== 'string') return undefined
    if (f !== 'heal') {
      faults.set(id, { kind: f, from: time, ...described(id, f, members) })
      return undefined
    }
    const begun = faults.get(id)
    faults.delete(id)
    const { hits } = members
    return begun && faultSpan(begun, time, typeof hits === 'number' ? { 'chaos.fault.hits': hits } : {})
  }

  return {
    note(event) {
      if (event.process === 'nemesis') return noteFault(event)
      if (event.type === 'invoke') {
        operations.set(event.process, event)
        return undefined
      }
      const invoked = operations.get(event.process)
      operations.delete(event.process)
      return invoked && operationSpan(invoked, event, [...faults.values()])
    },
    endAll(at) {
      const unanswered = [...operations.values()].map((invoked) =>
        operationSpan(invoked, { ...invoked, type: 'info', time: at, error: UNANSWERED }, []),
      )
      const lasting = [...faults.values()].map((begun) => faultSpan(begun, at, {}))
      operations.clear()
      faults.clear()
      return [...unanswered, ...lasting]
    },
  }
}

function operationSpan(invoked: Event, ended: Event, faults: readonly FaultBegun[]): FinishedSpan {
  const { f, key, process, session, index, time } = invoked
  const node = ended.node ?? invoked.node
  return {
    of: 'operation',
    name: key === undefined ? f : `${f} ${shortened(key)}`,
    from: time,
    to: ended.time,
    attributes: {
      'chaos.function': f,
      'chaos.client': String(session ?? process),
      'chaos.process': String(process),
      'chaos.outcome': ended.type,
      'chaos.history.index': index,
      ...given({
        'chaos.key': key === undefined ? undefined : shortened(key),
        'chaos.node': node,
        'chaos.value': invoked.value === null ? undefined : shortened(JSON.stringify(invoked.value)),
        'chaos.result': ended.type === 'ok' ? shortened(JSON.stringify(ended.value)) : undefined,
        'chaos.error': ended.error === undefined ? undefined : shortened(ended.error),
        'chaos.faults': faults.length === 0 ? undefined : faults.map(({ text }) => text),
      }),
    },
    // An operation that the object itself rejects, such as an acquire of a held lock, has no error.
    error:
      ended.type === 'ok' || ended.answered === true ? undefined : `${ended.type}: ${shortened(ended.error ?? '')}`,
  }
}

const faultSpan = ({ kind, from, text, attributes }: FaultBegun, to: Nanos, end: Attributes): FinishedSpan => ({
  of: 'fault',
  name: kind,
  from,
  to,
  attributes: { ...attributes, 'chaos.fault.text': text, ...end },
  error: undefined,
})

function described(id: string, kind: string, members: Members): Pick<FaultBegun, 'text' | 'attributes'> {
  const named = { 'chaos.fault.id': id, 'chaos.fault.kind': kind }
  try {
    const fault = parseFault({ ...members, kind }, kind, ['id', 'began'])
    const at =
      'nodes' in fault
        ? { 'chaos.fault.nodes': fault.nodes }
        : 'links' in fault
          ? { 'chaos.fault.links': fault.links.map(linkName) }
          : {}
    return { text: describeFault(fault), attributes: { ...named, ...at } }
  } catch {
    // A fault of a later version of chaos is known only by its name.
    return { text: kind, attributes: named }
  }
}

const shortened = (text: string): string => (text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`)
