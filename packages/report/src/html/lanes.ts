import type { OperationRow } from '@chaosproxy/checker'
import { type History, INFO, UNNAMED } from '@chaosproxy/history'
import { hasReturned, isFinal, nameText, processText } from '../operation-words.ts'

/** The rows of the timeline, from the top, and the row of each process. */
export interface Lanes {
  readonly names: readonly string[]
  /** By process number of the history. */
  readonly laneOf: ReadonlyMap<number, number>
}

/** A process among the others, by its operations. */
interface Span {
  readonly process: number
  readonly first: number
  readonly last: number
  /** When its last operation was given up, after which another process goes on in its place. */
  readonly retiredAt: number | undefined
  readonly isFinal: boolean
}

type Unfinished<Whole> = { -readonly [Member in keyof Whole]: Whole[Member] }

/**
 * A lane for each client: the processes of a session, or those that follow one another because an operation of unknown
 * outcome retires its process. Processes of a session that overlap are in lanes below each other. The lanes of these
 * operations come first, in their order, and then the others by name; those of final reads come last.
 */
export function lanesOf(history: History, first: readonly OperationRow[]): Lanes {
  const groups = history.hasSessions ? bySession(history) : bySuccession(spansOf(history))
  const rank = new Map<number, number>()
  for (const operation of first) {
    const process = history.operations.process[operation] ?? 0
    if (!rank.has(process)) rank.set(process, rank.size)
  }
  const ranked = groups.map(({ name, spans }) => ({
    name: name ?? groupName(history, spans),
    spans,
    isFinal: spans.every((span) => span.isFinal),
    rank: Math.min(...spans.map(({ process }) => rank.get(process) ?? groups.length)),
  }))
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || Number(a.isFinal) - Number(b.isFinal) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
  const lanes = ranked.flatMap(({ name, spans }) =>
    packed(spans).map((own, i) => ({ name: i === 0 ? name : '', spans: own })),
  )
  return {
    names: lanes.map(({ name }) => name),
    laneOf: new Map(lanes.flatMap(({ spans }, lane) => spans.map(({ process }) => [process, lane] as const))),
  }
}

/** `p3`, or `p3 +2` if two others took its place one after the other. */
const groupName = (history: History, spans: readonly Span[]): string =>
  `${processText(history, spans[0]?.process ?? 0)}${spans.length > 1 ? ` +${spans.length - 1}` : ''}`

function spansOf(history: History): readonly Span[] {
  const { process, callTime, returnTime, outcome, length } = history.operations
  // By number: of many operations, looking each up in a map takes longer than everything else.
  const spans: (Unfinished<Span> | undefined)[] = Array.from({ length: history.processCount }, () => undefined)
  const found: Span[] = []
  for (let operation = 0; operation < length; operation++) {
    const own = process[operation] ?? 0
    const called = callTime[operation] ?? 0
    const returned = hasReturned(history, operation) ? (returnTime[operation] ?? called) : called
    const retiredAt = outcome[operation] === INFO && hasReturned(history, operation) ? returned : undefined
    const span = spans[own]
    if (span === undefined) {
      const first = { process: own, first: called, last: returned, retiredAt, isFinal: isFinal(history, operation) }
      spans[own] = first
      found.push(first)
    } else {
      span.last = Math.max(span.last, returned)
      span.retiredAt = retiredAt
      span.isFinal &&= isFinal(history, operation)
    }
  }
  return found
}

interface Group {
  /** Absent where it is that of its processes. */
  readonly name?: string
  readonly spans: readonly Span[]
}

function bySession(history: History): readonly Group[] {
  const groups = new Map<number, Span[]>()
  const alone: Group[] = []
  for (const span of spansOf(history)) {
    const session = history.sessionOf(span.process)
    const group = groups.get(session)
    if (session === UNNAMED) alone.push({ spans: [span] })
    else if (group === undefined) groups.set(session, [span])
    else group.push(span)
  }
  return [
    ...Array.from(groups, ([session, spans]): Group => ({ name: nameText(history.sessionName(session)), spans })),
    ...alone,
  ]
}

/** A new process takes the place of the one that was retired first, of those that nobody has replaced yet. */
function bySuccession(spans: readonly Span[]): readonly Group[] {
  const groups: Span[][] = []
  const retired: { readonly at: number; readonly group: Span[] }[] = []
  for (const span of spans.toSorted((a, b) => a.first - b.first || a.process - b.process)) {
    const [next] = retired
    const isFree = next !== undefined && next.at <= span.first && !span.isFinal
    const found = isFree ? retired.shift() : undefined
    const group = found?.group ?? []
    if (found === undefined) groups.push(group)
    group.push(span)
    if (span.retiredAt === undefined) continue
    const at = span.retiredAt
    retired.splice(retired.findLastIndex((other) => other.at <= at) + 1, 0, { at, group })
  }
  return groups.map((group) => ({ spans: group }))
}

/** As few lanes as keep processes that overlap apart. */
function packed(spans: readonly Span[]): readonly (readonly Span[])[] {
  const lanes: { last: number; readonly spans: Span[] }[] = []
  for (const span of spans.toSorted((a, b) => a.first - b.first || a.process - b.process)) {
    const free = lanes.find(({ last }) => last <= span.first)
    if (free === undefined) lanes.push({ last: span.last, spans: [span] })
    else {
      free.spans.push(span)
      free.last = span.last
    }
  }
  return lanes.map((lane) => lane.spans)
}
