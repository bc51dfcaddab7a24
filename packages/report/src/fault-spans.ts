import type { Event, History, Json } from '@chaos/history'
import { faultText } from './fault-words.ts'
import { printable } from './operation-words.ts'
import type { RunSummary } from './run-summary.ts'

/** A fault on the time axis: what pages shade and name. */
export interface FaultSpan {
  /** `partition`, `kill`, …, or the name a file gave it. */
  readonly kind: string
  /** `partition {n1 | n2 n3}`. */
  readonly label: string
  /** Nanoseconds of the run. */
  readonly from: number
  readonly to: number
  /** How often it bit; undefined where nobody counted. */
  readonly hits?: number | undefined
  readonly recoveryNanos?: number | undefined
}

/** The faults of a run as it recorded them; of a file alone, as far as its nemesis events tell. In order of their start. */
export function faultSpans(history: History, run: RunSummary | undefined): FaultSpan[] {
  const spans = run === undefined ? spansOfEvents(history) : spansOfRun(run)
  return spans.sort((a, b) => a.from - b.from || a.to - b.to)
}

const spansOfRun = (run: RunSummary): FaultSpan[] => {
  const nodes = run.nodes.map((node) => node.node)
  return run.faults.map((record) => ({
    kind: record.fault.kind,
    label: printable(faultText(record.fault, nodes)),
    from: record.from,
    to: record.to,
    hits: record.hits,
    recoveryNanos: record.recoveryNanos,
  }))
}

/** `heal`, `stop`, `stop-partition`, `resume`, …: how files say that something is over. */
const ENDS = /^(heal|stop|end|resume|recover|restart|fast|reset-clock)/

/**
 * Pairs what the nemesis began with what it ended. An ending names the fault's id or kind where it can; one that names
 * nothing (`heal`) ends all. What never ends lasts until the history does. Jepsen writes every doing twice (begun, done): the
 * second finds the fault open and changes nothing.
 */
function spansOfEvents(history: History): FaultSpan[] {
  const open = new Map<string, FaultSpan>()
  const closed: FaultSpan[] = []
  for (const event of history.nemesis) {
    const name = idOf(event) ?? kindOf(event.f)
    if (!ENDS.test(event.f)) {
      if (!open.has(name))
        open.set(name, { kind: kindOf(event.f), label: labelOf(event), from: event.time, to: event.time })
      continue
    }
    const ended = open.has(name) ? [name] : endsOfKind(open, kindOf(event.f))
    for (const key of ended) {
      const span = open.get(key)
      open.delete(key)
      if (span !== undefined) closed.push({ ...span, to: event.time })
    }
  }
  const end = lastTime(history)
  return [...closed, ...[...open.values()].map((span) => ({ ...span, to: Math.max(end, span.from) }))]
}

const endsOfKind = (open: ReadonlyMap<string, FaultSpan>, kind: string): string[] => {
  const same = [...open].filter(([, span]) => span.kind === kind).map(([name]) => name)
  return same.length > 0 || kind !== 'fault' ? same : [...open.keys()]
}

/** `start-partition` and `stop-partition` are both about a `partition`; plain `start`, `stop` and `heal` about any fault. */
function kindOf(f: string): string {
  const bare = f.replace(/^(start|stop|heal|end|resume|recover)[-_ ]?/, '')
  return bare === '' ? 'fault' : bare
}

const member = (value: Json, name: string): Json | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && name in value
    ? (value as { readonly [member: string]: Json })[name]
    : undefined

function idOf(event: Event): string | undefined {
  const id = member(event.value, 'id')
  return typeof id === 'string' ? id : undefined
}

function labelOf(event: Event): string {
  const kind = kindOf(event.f)
  const links = member(event.value, 'links')
  const nodes = member(event.value, 'nodes')
  const names = (list: Json | undefined): string =>
    Array.isArray(list) ? ` ${list.slice(0, 4).join(' ')}${list.length > 4 ? ' …' : ''}` : ''
  return printable(`${kind}${names(nodes ?? links)}`)
}

/** The latest moment at which a client's operation began or ended. */
export function lastTime(history: History): number {
  const { length, callTime, returnTime } = history.operations
  let last = 0
  for (let i = 0; i < length; i++) {
    const returned = returnTime[i] ?? 0
    last = Math.max(last, callTime[i] ?? 0, Number.isFinite(returned) ? returned : 0)
  }
  return last
}

/** Faults in force at any moment of a stretch of time. */
export const during = (spans: readonly FaultSpan[], from: number, to: number): FaultSpan[] =>
  spans.filter((span) => span.from <= to && span.to >= from)
