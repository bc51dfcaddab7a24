import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import { duration, type History, hasTimes, INFO, moment, OK } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import type { Claims } from '../claims/registry.ts'
import { hasReturned, isRead, isReplacing, nameText, nodeOf, spendsFrom, writtenText } from '../operation-words.ts'
import { listed } from '../words.ts'
import { changeText, doubledIn, type Gap, gapOf } from './gap.ts'
import type { Wire } from './wire.ts'

/** A fault that may explain a contradiction. */
export interface NearFault extends FaultSpan {
  /** Its label, where links that take much room are counted: `partition of 5 links`. */
  readonly short: string
  /** `n3 n5 killed, 5.138 s to 6.902 s`. */
  readonly text: string
  /** How it relates to the impossible answer, as a sentence: `n3 was killed at 5.138 s and came back without x = 3.` */
  readonly relation: string
  /** Whether the record shows that the node that answered had had the change, and was killed since. */
  readonly isForgetting: boolean
  /** Whether it made the node that answered take over, without a change that another one had acknowledged before. */
  readonly isTakeover: boolean
  /** Whether it had ended when the culprit was asked. */
  readonly isOver: boolean
  /** The text and, if it says more, the relation. */
  readonly whole: string
}

/** More faults than this explain nothing. */
const MOST_NEAR = 3

/**
 * The faults that matter to a contradiction, most telling first: in force between the newest write that the culprit
 * ignores and the culprit's answer, on the culprit's node, the writer's, or a link of theirs. An older operation of the
 * counterexample, such as the write of the value that should have been gone, does not widen that gap.
 */
export function nearFaults(
  history: History,
  counterexample: Counterexample,
  { spans, may }: { readonly spans: readonly FaultSpan[] } & Pick<Claims, 'may'>,
  wire?: Wire,
): readonly NearFault[] {
  if (spans.length === 0) return []
  const gap = gapOf(history, counterexample)
  const { culprit, operations } = counterexample
  const rows = operations.map(({ operation }) => operation)
  const between = culprit === undefined ? rows : [gap.ignored ?? culprit, culprit]
  const nodes = rows.flatMap((row) => nodeOf(history, row) ?? [])
  const doubled = doubledIn(history, counterexample)
  if (doubled.length > 0 && culprit !== undefined)
    return behindDoubling(history, doubled, { read: culprit, gap, spans, may })
  const isSure = rows.every((row) => history.operations.outcome[row] !== INFO)
  const isOldRead = isSure && culprit !== undefined && isRead(history, culprit)
  const isSpending = culprit !== undefined && spendsFrom(history, culprit) !== undefined
  const touched = concerning(history, spans, gap)
    .filter((span) => !isOldRead || !changesOutcomesOnly(span))
    .filter((span) => wire === undefined || hasMet(span, wire))
    .filter((span) => overlapOf(span, gap) > 0)
    .map((span) => ({ span, touch: touching(span, gap, nodes) }))
    .map(({ span, touch }) => ({ span, touch, weight: touch * overlapOf(span, gap) }))
    .filter(({ span, touch }) => touch > (isSpending && isAmongNodes(span) ? 1 : 0))
  const isCutBetween = touched.some(({ span, touch }) => span.kind === 'partition' && touch === BETWEEN)
  return (
    touched
      // Where the two were cut off from each other, a cut from others explains nothing more.
      .filter(({ span, touch }) => !isCutBetween || span.kind !== 'partition' || touch === BETWEEN)
      .filter(({ span }) => may({ claim: 'blamed on a fault', fault: span, between }))
      .sort((a, b) => b.touch - a.touch || Number(isOn(b.span, gap)) - Number(isOn(a.span, gap)) || b.weight - a.weight)
      .slice(0, MOST_NEAR)
      .map(({ span }) => {
        if (!hasTimes(history)) return untimed(history, span, gap)
        const times = touched.map((each) => each.span).filter((other) => hasStopped(other, gap, span))
        // The newest that the node had: what it replaced was not lost by the fault.
        const kept = hasForgotten(history, span, gap, wire) ? newestKept(history, gap, span.from) : undefined
        const isForgetting =
          kept !== undefined &&
          culprit !== undefined &&
          may({ claim: 'came back without', change: kept, read: culprit, fault: span })
        if (isForgetting) {
          const lost = { ...gap, ignored: kept }
          const text = forgottenText(
            history,
            span,
            lost,
            times.filter((other) => other === span || isAfter(history, kept)(other)),
          )
          return { ...nearFault(span, lost, text), isForgetting }
        }
        const isTakeover = hasTakenOver(history, span, gap)
        const relation = isTakeover ? takeoverText(history, span, gap) : relationOf(history, span, gap, times)
        return { ...nearFault(span, gap, relation), isTakeover }
      })
  )
}

/** The last fault of the nodes concerned, or of a link of theirs, that began before the culprit answered. */
export function anotherFault(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
): FaultSpan | undefined {
  // What was added twice is explained by a fault that kept its answer back, or by none.
  if (doubledIn(history, counterexample).length > 0) return undefined
  const gap = gapOf(history, counterexample)
  return spans.findLast(
    (span) => span.hits !== 0 && !changesOutcomesOnly(span) && span.from <= gap.to && touching(span, gap, []) > 0,
  )
}

function nearFault(span: FaultSpan, { asked }: Gap, relation: string): NearFault {
  const short = inBrief(span.label)
  const text = `${span.label}, ${moment(span.from)} to ${endText(span)}`
  const whole = relation === '' || relation.includes(short) ? `${text}.` : `${text}. ${relation}`
  return { ...span, short, text, relation, isForgetting: false, isTakeover: false, whole, isOver: endOf(span) < asked }
}

/** What kept an answer from an addition, which whoever asked for it then repeated. The last such faults count. */
function behindDoubling(
  history: History,
  doubled: readonly OperationRow[],
  {
    read,
    gap,
    spans,
    may,
  }: { readonly read: OperationRow; readonly gap: Gap; readonly spans: readonly FaultSpan[] } & Pick<Claims, 'may'>,
): readonly NearFault[] {
  const { callTime, returnTime } = history.operations
  const isMet = (span: FaultSpan, row: OperationRow): boolean =>
    (callTime[row] ?? 0) <= span.to &&
    (!hasReturned(history, row) || (returnTime[row] ?? 0) >= span.from) &&
    touching(span, { culprit: nodeOf(history, row), writer: undefined }, []) > 0
  return spans
    .filter((span) => span.hits !== 0 && (WITHHOLDING.has(span.kind) || stopsNodes(span.kind)))
    .filter((span) =>
      doubled.some((row) => isMet(span, row) && may({ claim: 'blamed on a fault', fault: span, between: [row, read] })),
    )
    .slice(-MOST_NEAR)
    .map((span) => {
      const relation = `In force while something was added twice: ${inBrief(span.label)}, ${moment(span.from)} to ${moment(span.to)}.`
      return hasTimes(history) ? nearFault(span, gap, relation) : untimed(history, span, gap)
    })
}

/** Without times, the moments of a fault are event positions: lines say when it was in force. */
function untimed(history: History, span: FaultSpan, { asked }: Gap): NearFault {
  const short = inBrief(span.label)
  const isOver = span.to < asked
  const lines = `${span.label}, lines ${lineAt(history, span.from)} to ${lineAt(history, span.to)}`
  const relation = isOver ? `In force until shortly before the request: ${lines}.` : `In force then: ${lines}.`
  return { ...span, short, text: lines, relation, isForgetting: false, isTakeover: false, whole: relation, isOver }
}

/** The line of an event at a position, counted from an operation's call before it. */
function lineAt({ operations: { length, callEvent, callLine } }: History, position: number): number {
  let line = position + 1
  for (let row = 0; row < length && (callEvent[row] ?? 0) < position; row++)
    line = (callLine[row] ?? 0) + position - (callEvent[row] ?? 0)
  return line
}

/** When a fault ended: of a node that took a while to start again, when it was started and when it was ready. */
export const endText = ({ startingFrom, to }: Pick<FaultSpan, 'startingFrom' | 'to'>): string =>
  startingFrom === undefined ? moment(to) : `${moment(startingFrom)}, ready ${moment(to)}`

/**
 * What took effect. What began only after the operation was called is not why the object had that value. Of failovers one
 * counts: that of the node that answered, if it was told to take over after the change, and otherwise the last, since one
 * before it led to nobody who still leads.
 */
function concerning(history: History, spans: readonly FaultSpan[], gap: Gap): readonly FaultSpan[] {
  const effective = spans.filter((span) => span.hits !== 0 && span.from <= gap.asked)
  const last =
    effective.findLast((span) => hasTakenOver(history, span, gap)) ??
    effective.findLast(({ kind }) => kind === 'failover')
  return effective.filter((span) => span.kind !== 'failover' || span === last)
}

/** Kinds that keep requests or replies of clients from arriving, or delay them, and change nothing in them. */
const WITHHOLDING: ReadonlySet<string> = new Set([
  ...[
    'partition',
    'blackhole',
    'latency',
    'bandwidth',
    'packet-loss',
    'reset',
    'reset-peer',
    'timeout',
    'half-open',
    'slow-close',
  ],
  ...['slow-connect', 'refuse', 'slice', 'limit-bytes', 'limit-time', 'lose-request', 'lose-reply', 'delay-reply'],
  ...['delay-request', 'error-status', 'rate-limit', 'trickle-request', 'trickle-reply'],
])

/** Between clients and nodes such a fault leaves outcomes unknown. It makes no node answer with an older value. */
const changesOutcomesOnly = ({ kind, links }: FaultSpan): boolean =>
  WITHHOLDING.has(kind) && links.length > 0 && links.every(({ from, to }) => from === 'clients' || to === 'clients')

/** Two nodes that both pay tell each other: a cut from a third one explains nothing. */
const isAmongNodes = ({ kind, links }: FaultSpan): boolean =>
  kind === 'partition' && links.every(({ from, to }) => from !== 'clients' && to !== 'clients')

/**
 * Whether the fault met the change: it held or lost a message with it, stopped a node on its way, or cut the two off from
 * each other when nothing was sent. Where not all messages are known, it may have.
 */
function hasMet(
  { kind, nodes, links }: FaultSpan,
  { messages, sender, reader, isNeverSent, unasked, hasArrived, unclear }: Wire,
): boolean {
  // Of a node that had been told, a fault may explain what it did with that.
  if (unclear !== undefined || hasArrived || kind === 'failover') return true
  if (stopsNodes(kind)) return nodes.includes(reader) || (isNeverSent && nodes.includes(sender))
  if (messages.some(({ to, by }) => to === reader && by === kind)) return true
  const other = unasked ?? sender
  return (
    isNeverSent && links.some(({ from, to }) => (from === other && to === reader) || (from === reader && to === other))
  )
}

/** When its effect ended: what a disk holds is still wrong after a restart. */
const endOf = ({ kind, to }: Pick<FaultSpan, 'kind' | 'to'>): number =>
  kind === 'flip-bit' ? Number.POSITIVE_INFINITY : to

/** Whether this one, too, ended the process of the node that answered: which of several lost something is not known. */
const hasStopped = (other: FaultSpan, { culprit, asked }: Gap, { kind, nodes }: FaultSpan): boolean =>
  LOSES_MEMORY.has(kind) &&
  other.kind === kind &&
  culprit !== undefined &&
  nodes.includes(culprit) &&
  other.nodes.includes(culprit) &&
  other.to <= asked

/** Whether a fault began once the change had been acknowledged. */
const isAfter =
  ({ operations: { returnTime } }: History, change: OperationRow | undefined) =>
  ({ from }: FaultSpan): boolean =>
    change === undefined || (returnTime[change] ?? 0) <= from

/** `0.406 s and 1.731 s`. */
const momentsOf = (spans: readonly FaultSpan[]): string =>
  listed([...new Set(spans.map(({ from }) => from))].sort((a, b) => a - b).map((from) => moment(from)))

/** Whether it was in force when the culprit was asked. */
const isOn = (span: FaultSpan, { asked }: Gap): boolean => endOf(span) >= asked

/** A fault that only touches the gap still overlaps it, and so does a failover before it: whoever took over leads since. */
const overlapOf = ({ kind, from, to }: FaultSpan, gap: Gap): number => {
  const overlap = Math.min(endOf({ kind, to }), gap.to) - Math.max(from, gap.from)
  return overlap < 0 && kind !== 'failover' ? 0 : Math.max(1, overlap)
}

/** What a fault counts for on the culprit's own node, or a link between the two. */
const BETWEEN = 2

/**
 * 1 for other faults of the two nodes and of their links, or of all these nodes where none of them is to blame; 0 if the
 * fault was elsewhere.
 */
function touching(
  { kind, nodes, links }: FaultSpan,
  { culprit, writer }: Pick<Gap, 'culprit' | 'writer'>,
  all: readonly string[],
): number {
  // Who leads is of concern to all.
  const isUnplaced = kind === 'failover' || (nodes.length === 0 && links.length === 0)
  if (isUnplaced) return 1
  const about = (node: string | undefined): boolean =>
    node !== undefined && (nodes.includes(node) || links.some(({ from, to }) => from === node || to === node))
  if (culprit === undefined && writer === undefined) return all.length === 0 || all.some(about) ? 1 : 0
  const between = links.some(
    ({ from, to }) => (from === culprit && to === writer) || (from === writer && to === culprit),
  )
  if (between || (culprit !== undefined && nodes.includes(culprit))) return BETWEEN
  return about(culprit) || about(writer) ? 1 : 0
}

/** Whether the node that answered had acknowledged or received what it ignores, and was killed since. */
function hasForgotten(
  { operations: { returnTime } }: History,
  { kind, nodes, from, to }: FaultSpan,
  { culprit, writer, asked, ignored }: Gap,
  wire?: Wire,
): boolean {
  if (culprit === undefined || !LOSES_MEMORY.has(kind) || !nodes.includes(culprit) || to > asked) return false
  const isKnown = ignored !== undefined && (returnTime[ignored] ?? Number.POSITIVE_INFINITY) <= from
  const received = wire?.messages.some(
    (message) => message.to === culprit && message.carries !== undefined && (message.endedAt ?? from) < from,
  )
  return (culprit === writer && isKnown) || received === true
}

/** The newest write of that key which the node that answered had acknowledged before a moment; otherwise what is ignored. */
function newestKept(history: History, { ignored, culprit }: Gap, before: number): OperationRow | undefined {
  if (ignored === undefined || !isReplacing(history, ignored)) return ignored
  const { length, key, outcome, returnTime } = history.operations
  let newest = ignored
  for (let row = 0; row < length; row++)
    if (
      key[row] === key[ignored] &&
      outcome[row] === OK &&
      isReplacing(history, row) &&
      nodeOf(history, row) === culprit &&
      (returnTime[row] ?? 0) < before &&
      (returnTime[row] ?? 0) > (returnTime[newest] ?? 0)
    )
      newest = row
  return newest
}

/** What the other node acknowledged only after that, it may have acknowledged although it no longer led. */
function hasTakenOver(
  history: History,
  { kind, nodes, to }: FaultSpan,
  { culprit, writer, from, ignored }: Gap,
): boolean {
  if (kind !== 'failover' || culprit === undefined || ignored === undefined || writer === undefined) return false
  // A lock that was taken has no value that could be missing.
  return nodes.includes(culprit) && writer !== culprit && from <= to && writtenText(history, ignored) !== 'null'
}

function takeoverText(history: History, { from }: FaultSpan, { culprit = '', ignored }: Gap): string {
  const isSum = history.header?.model === 'counter'
  const change = ignored === undefined ? 'it' : changeText(history, ignored)
  const missing = isSum ? 'additions that had been acknowledged' : change
  return `${nameText(culprit)} was told to take over at ${moment(from)} and answers without ${missing}.`
}

const LOSES_MEMORY: ReadonlySet<string> = new Set(['kill', 'crash', 'stop', 'restart'])

function forgottenText(
  history: History,
  { kind, nodes }: FaultSpan,
  { culprit = '', ignored }: Gap,
  times: readonly FaultSpan[],
): string {
  const isOnce = times.every((span) => span.nodes.join() === nodes.join())
  const others = isOnce ? nodes.filter((node) => node !== culprit) : []
  const along = others.length === 0 ? '' : ` together with ${listed(others.map((node) => nameText(node)))}`
  const change = ignored === undefined ? 'it' : changeText(history, ignored)
  return `${nameText(culprit)} ${kind === 'restart' || kind === 'stop' ? 'was restarted' : 'was killed'} at ${momentsOf(times)}${along}${along === '' ? '' : ','} and came back without ${change}.`
}

/** What the beginning of a fault on a node is called. */
const ENDED: { readonly [kind: string]: string } = {
  kill: 'was killed',
  crash: 'was killed',
  restart: 'was restarted',
  pause: 'was paused',
}

/** A sentence only counts links that take more room than this: they are listed beside it. */
const MOST_OF_LINKS = 24

/** `partition of 5 links (dropping)`. */
const inBrief = (label: string): string =>
  label.replace(/ \{([^{}]*–[^{}]*)\}/, (all, links: string) =>
    links.length <= MOST_OF_LINKS ? all : ` of ${links.split(', ').length} links`,
  )

function relationOf(
  history: History,
  { kind, label, nodes, links, from, to }: FaultSpan,
  gap: Gap,
  times: readonly FaultSpan[],
): string {
  const { culprit, asked, to: answered, ignored } = gap
  const short = inBrief(label)
  if (kind === 'failover')
    return `The last failover had begun at ${moment(from)} (${nodes.map((node) => nameText(node)).join(', ')}).`
  if (kind === 'flip-bit') return `Since ${moment(from)}, and for good: ${short}.`
  if (culprit === undefined) return `In force meanwhile: ${short}, ${moment(from)} to ${moment(to)}.`
  if (to < asked) {
    const ended = Object.hasOwn(ENDED, kind) && nodes.includes(culprit) ? ENDED[kind] : undefined
    if (ended === undefined) return `In force until ${duration(asked - to)} before: ${short}.`
    const missed = ignored === undefined ? Number.NaN : (history.operations.callTime[ignored] ?? Number.NaN)
    const isMissed = LOSES_MEMORY.has(kind) && from < missed && missed < to
    const missing =
      ignored === undefined || !isMissed ? ' and' : `, missed ${changeText(history, ignored)} at ${moment(missed)}, and`
    return `${nameText(culprit)} ${ended} at ${times.length > 1 ? momentsOf(times) : moment(from)}${missing} came back${times.length > 1 ? ', the last time' : ''} ${duration(asked - Math.max(to, ...times.map((other) => other.to)))} before it was asked.`
  }
  if (to < answered) return `In force when it was asked: ${short}, ${moment(from)} to ${moment(to)}.`
  const { writer } = gap
  const isTogether =
    links.length > 0 &&
    kind === 'partition' &&
    writer !== undefined &&
    writer !== culprit &&
    !links.some(cuts(culprit, writer))
  const which = isTogether ? `, which left ${nameText(writer)} and ${nameText(culprit)} together` : ''
  return `In force then: ${short}, since ${moment(from)}${which}.`
}

/** Whether the link is one between these two, in either direction. */
const cuts =
  (one: string, other: string) =>
  ({ from, to }: FaultSpan['links'][number]): boolean =>
    (from === one && to === other) || (from === other && to === one)
