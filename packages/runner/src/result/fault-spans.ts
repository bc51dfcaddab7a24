import { describeFault, type Fault, faultName, type Link, parseFault } from '@chaosproxy/faults'
import { type Event, type History, lastTime, membersOf, oncePerHistory } from '@chaosproxy/history'
import { memberAt, numberAt, textAt } from './parsed.ts'
import type { RunSummary } from './run-summary.ts'
import { STOOD_STILL } from './standstills.ts'

export interface FaultSpan {
  /** The kind of the fault (`partition`, `kill`), or its name in a file. */
  readonly kind: string
  /** The fault's name in `--faults`, if it differs from its kind. */
  readonly name?: string | undefined
  /** `partition {n1 | n2 n3}`, as in the history; it must be escaped before printing. */
  readonly label: string
  /** The affected nodes. If they are unknown, `nodes` and `links` are empty. */
  readonly nodes: readonly string[]
  readonly links: readonly Link[]
  /** Nanoseconds since the run began. */
  readonly from: number
  readonly to: number
  /** Whether the fault was still in force at the end of the record. */
  readonly isOpen?: true
  /** The time at which the stopped nodes began to start again. From this time, they may have answered. */
  readonly startingFrom?: number | undefined
  /** The latest possible end of the fault, if contact with its injector was lost. */
  readonly perhapsUntil?: number | undefined
  /** How often the fault took effect; undefined if this was not counted. */
  readonly hits?: number | undefined
  readonly recoveryNanos?: number | undefined
}

/**
 * Returns the faults that were in force, ordered by start. Without `run`, derives them from the nemesis events of the
 * history.
 */
export function faultSpans(history: History, run: RunSummary | undefined): FaultSpan[] {
  const spans: readonly FaultSpan[] = run === undefined ? spansOfEvents(history) : spansOfRun(run, lastTime(history))
  return spans.toSorted((a, b) => a.from - b.from || a.to - b.to)
}

const spansOfRun = (run: RunSummary, end: number): FaultSpan[] =>
  run.faults
    .filter((record) => record.skipped === undefined)
    .map((record) => ({
      ...namesOf(record.fault),
      ...placesOf(record.fault),
      from: record.from,
      to: record.to,
      ...(record.healingFrom === undefined ? {} : { startingFrom: record.healingFrom }),
      ...(record.inDoubt === undefined ? {} : { perhapsUntil: record.inDoubt.until ?? Math.max(end, record.to) }),
      hits: record.hits,
      recoveryNanos: record.recoveryNanos,
    }))

function namesOf(fault: Fault): Pick<FaultSpan, 'kind' | 'name' | 'label'> {
  const { kind } = fault
  const name = faultName(fault)
  return { kind, label: describeFault(fault), ...(name === kind ? {} : { name }) }
}

const placesOf = (fault: Fault): Pick<FaultSpan, 'nodes' | 'links'> => ({
  nodes: 'nodes' in fault ? fault.nodes : [],
  links: 'links' in fault ? fault.links : [],
})

/** Matches the names of events that end a fault: `heal`, `stop`, `stop-partition`, `resume`, …. */
const ENDS = /^(heal|stop|end|resume|recover|restart|fast|reset-clock)/

/**
 * Derives faults from nemesis events, by pairing beginnings with ends. `heal` and `healed` end every fault, and `start`
 * ends kills and pauses. A fault without an end lasts until the end of the history. Jepsen writes every action twice;
 * the second event has no effect.
 */
const spansOfEvents = oncePerHistory((history): readonly FaultSpan[] => {
  const open = new Map<string, FaultSpan>()
  const closed: FaultSpan[] = []
  for (const event of history.nemesis) {
    if (event.f === STOOD_STILL) continue
    const name = idOf(event) ?? kindOf(event.f)
    const down = [...open].filter(([, span]) => span.kind === 'kill' || span.kind === 'pause').map(([key]) => key)
    const restarts = event.f === 'start' && down.length > 0
    if (!ENDS.test(event.f) && !restarts) {
      if (!open.has(name)) open.set(name, { ...faultOf(event), from: timeIn(event, 'began'), to: event.time })
      continue
    }
    for (const key of restarts ? down : endedBy(event, open)) {
      const span = open.get(key)
      open.delete(key)
      if (span !== undefined)
        closed.push({
          ...{ ...span, to: timeIn(event, 'ended'), ...startIn(event), ...doubtIn(event, history) },
          hits: numberAt(event.value, 'hits'),
        })
    }
  }
  const end = lastTime(history)
  return [
    ...closed,
    ...[...open.values()].map((span) => ({ ...span, to: Math.max(end, span.from), isOpen: true as const })),
  ]
})

function endedBy(event: Event, open: ReadonlyMap<string, FaultSpan>): string[] {
  const id = idOf(event)
  if (id !== undefined) return [id]
  const kind = kindOf(event.f)
  const same = [...open].filter(([, span]) => span.kind === kind).map(([name]) => name)
  const all = event.f.startsWith('heal') || same.length === 0
  return kind === 'fault' && all ? [...open.keys()] : same
}

/**
 * Returns the kind of the fault of an event: `partition` for `start-partition`. `start`, `stop` and `heal` may mean any
 * kind.
 */
function kindOf(f: string): string {
  const bare = f.replace(/^(start|stop|healed|heal|end|resume|recover)[-_ ]?/, '')
  return bare === '' ? 'fault' : bare
}

const idOf = ({ value }: Event): string | undefined => textAt(value, 'id')

const namesIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : []

/** Returns the time at which a fault began or ended. The event that reports this may have a later time. */
const timeIn = ({ time, value }: Event, name: 'began' | 'ended'): number => numberAt(value, name) ?? time

function startIn({ value }: Event): Pick<FaultSpan, 'startingFrom'> {
  const from = numberAt(value, 'healingFrom')
  return from === undefined ? {} : { startingFrom: from }
}

/** Returns the latest possible end of a fault, given the event that reports the end. Empty if the end is certain. */
function doubtIn({ value, time }: Event, history: History): Pick<FaultSpan, 'perhapsUntil'> {
  const until = memberAt(value, ['inDoubtUntil'])
  if (until === undefined) return {}
  return { perhapsUntil: typeof until === 'number' ? until : Math.max(lastTime(history), time) }
}

/** Returns the fault that an event describes, even if another program wrote the event. */
function faultOf({ f, value }: Event): Pick<FaultSpan, 'kind' | 'name' | 'label' | 'nodes' | 'links'> {
  const kind = kindOf(f)
  try {
    const fault = parseFault({ ...membersOf(value), kind: f }, f, ['id', 'began'])
    return { ...namesOf(fault), kind, ...placesOf(fault) }
  } catch {
    const nodes = namesIn(memberAt(value, ['nodes']))
    return { kind, label: [kind, ...nodes.slice(0, 4)].join(' '), nodes, links: [] }
  }
}
