import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import { duration, type History, hasTimes, INFO, moment } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { isBehindNodes } from '../claims/faults.ts'
import type { Claims } from '../claims/registry.ts'
import {
  callTimeOf,
  hasReturned,
  isOk,
  isRead,
  isReplacing,
  nameText,
  nodeOf,
  returnTimeOf,
  rowsOf,
  spendsFrom,
  writtenText,
} from '../operation-words.ts'
import { listed } from '../words.ts'
import { changeText, doubledIn, type Gap, gapOf } from './gap.ts'
import type { Wire } from './wire.ts'

export interface NearFault extends FaultSpan {
  /** The label. A long list of links is replaced by their number: `partition of 5 links`. */
  readonly short: string
  /** The fault and its time: `n3 n5 killed, 5.138 s to 6.902 s`. */
  readonly text: string
  /**
   * How the fault relates to the impossible answer, as a sentence: `n3 was killed at 5.138 s and came back without x =
   * 3.`
   */
  readonly relation: string
  /**
   * Whether the culprit's node certainly had the ignored change, or a newer write to the key, before the fault killed
   * the node.
   */
  readonly isForgetting: boolean
  /** Whether the fault is a failover to the culprit's node, whose answer lacks another node's change. */
  readonly isTakeover: boolean
  /** Whether the fault had ended at the culprit's call. */
  readonly isOver: boolean
  readonly whole: string
}

/** Maximum number of shown faults. A longer list would explain nothing. */
const MOST_NEAR = 3

/**
 * Returns the faults that may explain a contradiction, the most relevant first. They hit the involved nodes or their
 * links in the time from the ignored change to the answer that lacks it. Older operations of the contradiction do not
 * extend this time.
 */
export function nearFaults(
  history: History,
  counterexample: Counterexample,
  { spans, may }: { readonly spans: readonly FaultSpan[] } & Pick<Claims, 'may'>,
  wire?: Wire,
): readonly NearFault[] {
  if (spans.length === 0) return []
  const gap = gapOf(history, counterexample)
  const { culprit } = counterexample
  const rows = rowsOf(counterexample)
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
    .map((span) => ({ span, touch: touching(history, span, gap, nodes) }))
    .map(({ span, touch }) => ({ span, touch, weight: touch * overlapOf(span, gap) }))
    .filter(({ span, touch }) => touch > (isSpending && isAmongNodes(span) ? 1 : 0))
    .filter(({ touch }, _, all) => touch > BEHIND || all.every((other) => other.touch === BEHIND))
  const isCutBetween = touched.some(({ span, touch }) => span.kind === 'partition' && touch === BETWEEN)
  return (
    touched
      // If a partition separated these two nodes, partitions of other nodes are irrelevant.
      .filter(({ span, touch }) => !isCutBetween || span.kind !== 'partition' || touch === BETWEEN)
      .filter(({ span }) => may({ claim: 'blamed on a fault', fault: span, between }))
      .sort((a, b) => b.touch - a.touch || Number(isOn(b.span, gap)) - Number(isOn(a.span, gap)) || b.weight - a.weight)
      .slice(0, MOST_NEAR)
      .map(({ span }) => {
        if (!hasTimes(history)) return untimed(history, span, gap)
        const times = touched.map((each) => each.span).filter((other) => hasStopped(other, gap, span))
        // When the fault began, the node held only its newest write to the key, because each write replaces the one
        // before. So the fault can have lost only this write.
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

/**
 * Returns the last earlier fault on the involved nodes or their links. If an addition took effect twice, returns the
 * last fault, on any node, that was in force during the addition and can withhold answers. A client without an answer
 * may have repeated the addition.
 */
export function anotherFault(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
): FaultSpan | undefined {
  const doubled = doubledIn(history, counterexample)
  if (doubled.length > 0)
    return spans.findLast(
      (span) =>
        isWithholding(span) && !changesOutcomesOnly(span) && doubled.some((row) => isDuring(history, span, row)),
    )
  const gap = gapOf(history, counterexample)
  return spans.findLast(
    (span) =>
      span.hits !== 0 && !changesOutcomesOnly(span) && span.from <= gap.to && touching(history, span, gap, []) > 0,
  )
}

/**
 * Returns the last fault in force between the first call and the last return of a contradiction. If a change of the
 * same keys was open at the first call, the period begins with the call of this change (the earliest, if there are
 * several). Such a change may have taken effect even if it was reported as failed.
 */
export function faultMeanwhile(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
): FaultSpan | undefined {
  if (spans.length === 0) return undefined
  const rows = rowsOf(counterexample)
  const { length, key, outcome } = history.operations
  const keys = new Set(rows.map((row) => key[row]))
  const first = Math.min(...rows.map((row) => callTimeOf(history, row)))
  const to = Math.max(
    ...rows.map((row) => (hasReturned(history, row) ? returnTimeOf(history, row) : callTimeOf(history, row))),
  )
  let from = first
  for (let row = 0; row < length; row++) {
    if (!keys.has(key[row]) || isRead(history, row)) continue
    const isOpen = outcome[row] === INFO || !hasReturned(history, row) || returnTimeOf(history, row) >= first
    if (isOpen) from = Math.min(from, callTimeOf(history, row))
  }
  return spans.findLast((span) => span.hits !== 0 && span.from < to && endOf(span) > from)
}

function nearFault(span: FaultSpan, { calledAt }: Gap, relation: string): NearFault {
  const short = inBrief(span.label)
  const text = `${span.label}, ${moment(span.from)} to ${endText(span)}`
  const whole = relation === '' || relation.includes(short) ? `${text}.` : `${text}. ${relation}`
  return {
    ...span,
    short,
    text,
    relation,
    isForgetting: false,
    isTakeover: false,
    whole,
    isOver: endOf(span) < calledAt,
  }
}

/**
 * Returns the last faults that may explain an addition that took effect twice. Each of them kept an answer from the
 * client, so the client sent the addition again.
 */
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
  const isMet = (span: FaultSpan, row: OperationRow): boolean =>
    isDuring(history, span, row) &&
    touching(history, span, { culprit: nodeOf(history, row), writer: undefined }, []) > 0
  return spans
    .filter(isWithholding)
    .filter((span) =>
      doubled.some((row) => isMet(span, row) && may({ claim: 'blamed on a fault', fault: span, between: [row, read] })),
    )
    .slice(-MOST_NEAR)
    .map((span) => {
      const relation = `In force while something was added twice: ${inBrief(span.label)}, ${moment(span.from)} to ${moment(span.to)}.`
      return hasTimes(history) ? nearFault(span, gap, relation) : untimed(history, span, gap)
    })
}

/** Describes a fault by lines of the history, because the history has no times. */
function untimed(history: History, span: FaultSpan, { calledAt }: Gap): NearFault {
  const short = inBrief(span.label)
  // Without times, `from` and `to` are positions of events. The fault ended before the event at `to`.
  const isOver = span.to <= calledAt
  const lines = `${span.label}, lines ${lineAt(history, span.from)} to ${lineAt(history, span.to)}`
  const relation = isOver ? `In force until shortly before the request: ${lines}.` : `In force then: ${lines}.`
  return { ...span, short, text: lines, relation, isForgetting: false, isTakeover: false, whole: relation, isOver }
}

/** Returns the line of an event, computed from the line of the last call before the event. */
function lineAt({ operations: { length, callEvent, callLine } }: History, position: number): number {
  let line = position + 1
  for (let row = 0; row < length && (callEvent[row] ?? 0) < position; row++)
    line = (callLine[row] ?? 0) + position - (callEvent[row] ?? 0)
  return line
}

/** Returns the end of a fault as text. If its nodes took time to start: `6.902 s, ready 7.110 s`. */
export const endText = ({ startingFrom, to, isOpen }: Pick<FaultSpan, 'startingFrom' | 'to' | 'isOpen'>): string =>
  isOpen
    ? 'the end of the record'
    : startingFrom === undefined
      ? moment(to)
      : `${moment(startingFrom)}, ready ${moment(to)}`

/**
 * Returns the faults that may have caused the violation. Of the failovers, only one counts: the failover that made the
 * culprit's node the leader, or else the last.
 */
function concerning(history: History, spans: readonly FaultSpan[], gap: Gap): readonly FaultSpan[] {
  const effective = spans.filter((span) => span.hits !== 0 && span.from <= gap.calledAt)
  const last =
    effective.findLast((span) => hasTakenOver(history, span, gap)) ??
    effective.findLast(({ kind }) => kind === 'failover')
  return effective.filter((span) => span.kind !== 'failover' || span === last)
}

/** Faults that drop or delay messages of clients, or of a database, without changing them. */
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
  'lose-commit-reply',
])

/** Whether the fault may have kept an answer from its recipient. */
const isWithholding = ({ kind, hits }: FaultSpan): boolean => hits !== 0 && (WITHHOLDING.has(kind) || stopsNodes(kind))

const isDuring = (history: History, { from, to }: FaultSpan, row: OperationRow): boolean =>
  callTimeOf(history, row) <= to && (!hasReturned(history, row) || returnTimeOf(history, row) >= from)

/** Whether the fault can only hide outcomes from clients. Such a fault cannot make a node return an old value. */
const changesOutcomesOnly = ({ kind, links }: FaultSpan): boolean =>
  kind === 'lose-commit-reply' ||
  (WITHHOLDING.has(kind) && links.length > 0 && links.every(({ from, to }) => from === 'clients' || to === 'clients'))

/**
 * Whether the fault separates nodes from each other, but not from clients. Such a fault is irrelevant for two nodes on
 * one side.
 */
const isAmongNodes = ({ kind, links }: FaultSpan): boolean =>
  kind === 'partition' && links.every(({ from, to }) => from !== 'clients' && to !== 'clients')

/**
 * Whether the fault may have kept the change from `reader`: it hit a message, node or link on the way. True for a
 * failover, if the change had arrived, or if it is unclear whether it was sent.
 */
function hasMet(
  { kind, nodes, links }: FaultSpan,
  { messages, sender, reader, isNeverSent, unasked, hasArrived, unclear }: Wire,
): boolean {
  // The fault may have affected what the node did with the change.
  if (unclear !== undefined || hasArrived || kind === 'failover') return true
  if (stopsNodes(kind)) return nodes.includes(reader) || (isNeverSent && nodes.includes(sender))
  if (messages.some(({ to, by }) => to === reader && by === kind)) return true
  const other = unasked ?? sender
  return isNeverSent && links.some(isBetween(other, reader))
}

/** Returns when a fault's effect ended. Damaged data stay damaged after a restart. */
const endOf = ({ kind, to }: Pick<FaultSpan, 'kind' | 'to'>): number =>
  kind === 'flip-bit' ? Number.POSITIVE_INFINITY : to

/** Whether `other` stopped the same node in the same way. Then either of the two faults may have lost the change. */
const hasStopped = (other: FaultSpan, { culprit, calledAt }: Gap, { kind, nodes }: FaultSpan): boolean =>
  LOSES_MEMORY.has(kind) &&
  other.kind === kind &&
  culprit !== undefined &&
  nodes.includes(culprit) &&
  other.nodes.includes(culprit) &&
  other.to <= calledAt

/** Whether a fault began after the change's acknowledgement. */
const isAfter =
  ({ operations: { returnTime } }: History, change: OperationRow | undefined) =>
  ({ from }: FaultSpan): boolean =>
    change === undefined || (returnTime[change] ?? 0) <= from

const momentsOf = (spans: readonly FaultSpan[]): string =>
  listed([...new Set(spans.map(({ from }) => from))].sort((a, b) => a - b).map((from) => moment(from)))

/** Whether the fault was in force at the culprit's call. */
const isOn = (span: FaultSpan, { calledAt }: Gap): boolean => endOf(span) >= calledAt

/**
 * Returns for how many nanoseconds a fault overlaps the time span of a violation: at least 1 if they touch. A failover
 * that does not overlap the time span counts as 1, because the new leader may still lead.
 */
const overlapOf = ({ kind, from, to }: FaultSpan, gap: Gap): number => {
  const overlap = Math.min(endOf({ kind, to }), gap.to) - Math.max(from, gap.from)
  return overlap < 0 && kind !== 'failover' ? 0 : Math.max(1, overlap)
}

/** Weight of a fault on the culprit's node, or on a link between it and the writer's node. */
const BETWEEN = 2

/**
 * Weight of a fault that hit only servers behind the nodes. Such a fault is ignored if any fault has a larger weight.
 */
const BEHIND = 0.5

/**
 * Returns the weight of a fault: {@link BETWEEN}, {@link BEHIND}, 1, or 0 if it hit only uninvolved nodes or links. A
 * fault without a particular node or link has weight 1.
 */
function touching(
  history: History,
  span: FaultSpan,
  { culprit, writer }: Pick<Gap, 'culprit' | 'writer'>,
  all: readonly string[],
): number {
  const { kind, nodes, links } = span
  // A failover has no node or link of its own.
  const isUnplaced = kind === 'failover' || (nodes.length === 0 && links.length === 0)
  if (isUnplaced) return 1
  if (isBehindNodes(history, span)) return BEHIND
  const about = (node: string | undefined): boolean =>
    node !== undefined && (nodes.includes(node) || links.some(({ from, to }) => from === node || to === node))
  if (culprit === undefined && writer === undefined) return all.length === 0 || all.some(about) ? 1 : 0
  if (links.some(isBetween(culprit, writer)) || (culprit !== undefined && nodes.includes(culprit))) return BETWEEN
  return about(culprit) || about(writer) ? 1 : 0
}

/** Whether the culprit's node had the change, and was then killed. */
function hasForgotten(
  { operations: { returnTime } }: History,
  { kind, nodes, from, to }: FaultSpan,
  { culprit, writer, calledAt, ignored }: Gap,
  wire?: Wire,
): boolean {
  if (culprit === undefined || !LOSES_MEMORY.has(kind) || !nodes.includes(culprit) || to > calledAt) return false
  const isKnown = ignored !== undefined && (returnTime[ignored] ?? Number.POSITIVE_INFINITY) <= from
  const received = wire?.messages.some(
    (message) => message.to === culprit && message.carries !== undefined && (message.endedAt ?? from) < from,
  )
  return (culprit === writer && isKnown) || received === true
}

/**
 * Returns the newest write to the key that the node `culprit` acknowledged earlier than `before`. `ignored` is the
 * change that this node's impossible answer lacks. If the node acknowledged no newer write, or if `ignored` does not
 * replace the whole value, returns `ignored`.
 */
function newestKept(history: History, { ignored, culprit }: Gap, before: number): OperationRow | undefined {
  if (ignored === undefined || !isReplacing(history, ignored)) return ignored
  const { length, key } = history.operations
  let newest = ignored
  for (let row = 0; row < length; row++)
    if (
      key[row] === key[ignored] &&
      isOk(history, row) &&
      isReplacing(history, row) &&
      nodeOf(history, row) === culprit &&
      returnTimeOf(history, row) < before &&
      returnTimeOf(history, row) > returnTimeOf(history, newest)
    )
      newest = row
  return newest
}

/**
 * Whether a failover made the culprit's node the leader after the ignored change had begun. False for a change that
 * began after the failover, because the old leader may have acknowledged this change although it was no longer the
 * leader.
 */
function hasTakenOver(
  history: History,
  { kind, nodes, to }: FaultSpan,
  { culprit, writer, from, ignored }: Gap,
): boolean {
  if (kind !== 'failover' || culprit === undefined || ignored === undefined || writer === undefined) return false
  // Acquiring a lock writes null, so no value could be missing.
  return nodes.includes(culprit) && writer !== culprit && from <= to && writtenText(history, ignored) !== 'null'
}

function takeoverText(history: History, { from }: FaultSpan, { culprit = '', ignored }: Gap): string {
  const isSum = history.header?.model === 'counter'
  const missing = isSum ? 'additions that had been acknowledged' : ignoredText(history, ignored)
  return `${nameText(culprit)} was told to take over at ${moment(from)}; its answer lacks ${missing}.`
}

const ignoredText = (history: History, ignored: Gap['ignored']): string =>
  ignored === undefined ? 'it' : changeText(history, ignored)

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
  return `${nameText(culprit)} ${kind === 'restart' || kind === 'stop' ? 'was restarted' : 'was killed'} at ${momentsOf(times)}${along}${along === '' ? '' : ','} and came back without ${ignoredText(history, ignored)}.`
}

/** What happened to a stopped node, by kind of fault. */
const ENDED: { readonly [kind: string]: string } = {
  kill: 'was killed',
  crash: 'was killed',
  restart: 'was restarted',
  pause: 'was paused',
}

/** Maximum number of characters of a list of links. The page also lists all links. */
const MOST_OF_LINKS = 24

/** Shortens a label: `partition of 5 links (dropping)`. */
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
  const { culprit, calledAt, to: answered, ignored } = gap
  const short = inBrief(label)
  if (kind === 'failover')
    return `The last failover had begun at ${moment(from)} (${nodes.map((node) => nameText(node)).join(', ')}).`
  if (kind === 'flip-bit') return `Since ${moment(from)}, and for good: ${short}.`
  if (culprit === undefined) return `In force meanwhile: ${short}, ${moment(from)} to ${moment(to)}.`
  if (to < calledAt) {
    const ended = Object.hasOwn(ENDED, kind) && nodes.includes(culprit) ? ENDED[kind] : undefined
    if (ended === undefined) return `In force until ${duration(calledAt - to)} before: ${short}.`
    const missed = ignored === undefined ? Number.NaN : (history.operations.callTime[ignored] ?? Number.NaN)
    const isMissed = LOSES_MEMORY.has(kind) && from < missed && missed < to
    const missing =
      ignored === undefined || !isMissed ? ' and' : `, missed ${changeText(history, ignored)} at ${moment(missed)}, and`
    return `${nameText(culprit)} ${ended} at ${times.length > 1 ? momentsOf(times) : moment(from)}${missing} came back${times.length > 1 ? ', the last time' : ''} ${duration(calledAt - Math.max(to, ...times.map((other) => other.to)))} before the request.`
  }
  if (to < answered) return `Fault in force during the request: ${short}, ${moment(from)} to ${moment(to)}.`
  const { writer } = gap
  const isTogether =
    links.length > 0 &&
    kind === 'partition' &&
    writer !== undefined &&
    writer !== culprit &&
    !links.some(isBetween(culprit, writer))
  const which = isTogether ? `, which left ${nameText(writer)} and ${nameText(culprit)} together` : ''
  return `In force then: ${short}, since ${moment(from)}${which}.`
}

/** Whether a link is between two nodes, in either direction. */
const isBetween =
  (one: string | undefined, other: string | undefined) =>
  ({ from, to }: FaultSpan['links'][number]): boolean =>
    (from === one && to === other) || (from === other && to === one)
