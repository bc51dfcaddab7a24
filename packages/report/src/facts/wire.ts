import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { faultKinds, nameOfKind } from '@chaosproxy/faults'
import { duration, type History, hasTimes, type Json, moment, nanos, plural } from '@chaosproxy/history'
import type { Heard, Listening, NodeMessage } from '@chaosproxy/runner/result'
import { functionOf, keyOf, nameText, writtenBy } from '../operation-words.ts'
import { changeText, type Gap, gapOf } from './gap.ts'

/** The messages between a node that had a change and a node that answered without the change. */
export interface Wire {
  /**
   * The node that sent the change to the node `reader`, or should have sent it. The node `reader` answered without the
   * change.
   */
  readonly sender: string
  readonly reader: string
  readonly change: string
  /** The time at which the node `reader` answered without the change, in nanoseconds since the run began. */
  readonly until: number
  readonly messages: readonly NodeMessage[]
  /** Number of related messages that are not drawn. */
  readonly others: number
  /** Whether certainly no message brought the change to `reader`. */
  readonly isNeverSent: boolean
  /** Why the change may have been sent, although no message with the change was found. */
  readonly unclear: Heard['unclear']
  /** A server other than `reader`. It had received the change, and `reader` did not ask it afterwards. */
  readonly unasked: string | undefined
  /** Whether the change arrived before `reader` was asked. */
  readonly hasArrived: boolean
  /** Whether the change arrived too late, although no fault delayed it. */
  readonly isDelayedByItself: boolean
  /** A sentence that says when a message brought the change to `reader`, or why none did. Empty if nothing is known. */
  readonly sentence: string
}

/** Maximum number of drawn messages. More arrows would explain nothing. */
const MOST_DRAWN = 4

/** Returns which messages explain a contradiction, if a node lacks another node's change. */
export function listeningTo(history: History, counterexample: Counterexample | undefined): Listening | undefined {
  const found = counterexample && missingAt(history, counterexample)
  if (found === undefined) return undefined
  const { gap, writer, reader, key, value } = found
  const about = [{ key, value }]
  return { from: nanos(gap.from), to: nanos(gap.to), between: [writer, reader], about }
}

interface Missing {
  readonly ignored: OperationRow
  readonly gap: Gap
  readonly writer: string
  readonly reader: string
  readonly key: string | undefined
  readonly value: Json
}

function missingAt(history: History, counterexample: Counterexample): Missing | undefined {
  if (!hasTimes(history)) return undefined
  const gap = gapOf(history, counterexample)
  const { writer, culprit: reader, ignored } = gap
  if (writer === undefined || reader === undefined || ignored === undefined || writer === reader) return undefined
  const value = writtenBy(history, ignored)
  // A change without a value, such as the acquisition of a lock, cannot be found in messages.
  if (value === null && functionOf(history, ignored) !== 'write') return undefined
  return { gap, writer, reader, ignored, key: keyOf(history, ignored), value }
}

/** Returns the messages that explain a contradiction, if they were recorded. */
export function wireOf(
  history: History,
  counterexample: Counterexample | undefined,
  heard: Heard | undefined,
): Wire | undefined {
  const found = counterexample === undefined || heard === undefined ? undefined : missingAt(history, counterexample)
  const wanted = listeningTo(history, counterexample)
  if (found === undefined || heard === undefined || JSON.stringify(wanted) !== JSON.stringify(heard.listening))
    return undefined
  const { gap, writer, reader, ignored } = found
  const carriers = heard.messages.filter(({ carries }) => carries !== undefined)
  const toReader = carriers.filter(({ to }) => to === reader)
  const stopped = firstOfEachKind(heard.messages.filter(({ fate, to }) => to === reader && fate !== 'received'))
  const drawn = [...toReader, ...(toReader.length === 0 ? stopped : [])].slice(0, MOST_DRAWN)
  const sender = toReader[0]?.from ?? spreaderOf(carriers, writer)
  const messages = [...drawn, ...wayOf(carriers, { writer, sender, reader })].sort((a, b) => a.sentAt - b.sentAt)
  const change = changeText(history, ignored)
  const isNeverSent = toReader.length === 0 && !heard.isCut
  const hasArrived = toReader.some((message) => hadArrived(message, gap.calledAt))
  const informed = carriers
    .filter(({ from, to }) => from !== reader && heard.unasked?.includes(to))
    .sort((one, other) => (one.endedAt ?? Infinity) - (other.endedAt ?? Infinity))
    .find((message) => hadArrived(message, gap.calledAt))
  return {
    ...{ sender, reader, change, messages, isNeverSent, until: gap.to },
    unclear: toReader.length === 0 ? heard.unclear : undefined,
    others: heard.messages.length - messages.length,
    hasArrived,
    isDelayedByItself:
      !hasArrived && toReader.length > 0 && toReader.every(({ by, fate }) => by === undefined && fate !== 'lost'),
    unasked: isNeverSent ? informed?.to : undefined,
    sentence: sentenceOf(toReader, { change, reader, calledAt: gap.calledAt, isNeverSent, informed }),
  }
}

const hadArrived = ({ fate, endedAt }: NodeMessage, calledAt: number): boolean =>
  fate === 'received' && (endedAt ?? 0) <= calledAt

/** Removes repeated messages, which add nothing. */
const firstOfEachKind = (messages: readonly NodeMessage[]): readonly NodeMessage[] =>
  messages.filter(
    ({ from, type, fate, by }, i) =>
      i ===
      messages.findIndex(
        (other) => other.from === from && other.type === type && other.fate === fate && other.by === by,
      ),
  )

function spreaderOf(carriers: readonly NodeMessage[], writer: string): string {
  const sent = (node: string): number => new Set(carriers.filter(({ from }) => from === node).map(({ to }) => to)).size
  return carriers.reduce((most, { from }) => (sent(from) > sent(most) ? from : most), writer)
}

/**
 * Returns at most two of the messages that contain the change: the first one from `writer` to `sender`, and the first
 * one that `sender` sent to a node other than `reader` and that arrived undisturbed.
 */
function wayOf(
  carriers: readonly NodeMessage[],
  { writer, sender, reader }: { readonly writer: string; readonly sender: string; readonly reader: string },
): readonly NodeMessage[] {
  const first = carriers.find(({ from, to }) => from === writer && to === sender)
  const other = carriers.find(
    ({ from, to, fate, by }) => from === sender && to !== reader && fate === 'received' && by === undefined,
  )
  return [first, other].filter((message) => message !== undefined)
}

interface ReadCall {
  readonly change: string
  readonly reader: string
  readonly calledAt: number
  readonly isNeverSent: boolean
  readonly informed: NodeMessage | undefined
}

function sentenceOf(
  toReader: readonly NodeMessage[],
  { change, reader, calledAt, isNeverSent, informed }: ReadCall,
): string {
  const node = nameText(reader)
  if (isNeverSent && informed !== undefined)
    return `${node} did not ask ${nameText(informed.to)} after ${moment(informed.endedAt ?? 0)}, when ${nameText(informed.to)} received ${change}.`
  if (isNeverSent) return `No message with ${change} was sent to ${node} before ${node} answered.`
  const arrived = toReader.find((message) => hadArrived(message, calledAt))
  if (arrived !== undefined) return arrivedText(arrived, { change, node, calledAt })
  const received = toReader
    .filter(({ fate }) => fate === 'received')
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))[0]
  const stopped = toReader.filter(({ fate }) => fate !== 'received')
  const fates = [...new Set(stopped.map(fateText))].map((fate) => ({
    fate,
    count: stopped.filter((message) => fateText(message) === fate).length,
  }))
  const [first] = fates
  if (first === undefined) {
    if (received === undefined) return ''
    if (toReader.every(({ sentAt }) => sentAt > calledAt))
      return `The message with ${change} was sent to ${node} only at ${moment(Math.min(...toReader.map(({ sentAt }) => sentAt)))}, after the request.`
    const held = toReader.find(({ by }) => by !== undefined && by !== 'down')
    if (held === undefined || received.by !== undefined) return `${lateText(received, { change, node })}.`
    return `${lateText(held, { change, node })}${receivedText(received, node)}.`
  }
  const subject = first.count === 1 ? 'The message' : plural(first.count, 'message')
  const others = fates.slice(1).map(({ fate, count: times }) => ` and ${times} ${fate}`)
  const lost = `${subject} with ${change} to ${node} ${first.count === 1 ? 'was' : 'were'} ${first.fate}${others.join('')}`
  return `${lost}${receivedText(received, node)}.`
}

const receivedText = (received: NodeMessage | undefined, node: string): string =>
  received === undefined
    ? ''
    : `; ${node} received it from ${nameText(received.from)} only at ${moment(received.endedAt ?? 0)}`

const lateText = (message: NodeMessage, { change, node }: { readonly change: string; readonly node: string }): string =>
  `The message with ${change} to ${node} was ${fateText(message)}`

/** Returns the sentence about a change that arrived in time, and is missing from the answer. */
function arrivedText(
  { by, endedAt }: NodeMessage,
  { change, node, calledAt }: { readonly change: string; readonly node: string; readonly calledAt: number },
): string {
  const at = `${moment(endedAt ?? 0)}, ${duration(calledAt - (endedAt ?? 0))} before the request`
  const held = by === undefined || by === 'down' ? '' : `, held (${nameOfFault(by)}) until then`
  return `${node} had received ${change} at ${at}${held}, and answered without it.`
}

/** Returns a fault's name in `--faults`. */
const nameOfFault = (by: string): string => {
  const kind = faultKinds.find((each) => each === by)
  return kind === undefined ? by : nameOfKind(kind, 'nodes')
}

/** Returns what happened to a message: `held (partition)`, `lost (down)`, `received at 7.130 s`. */
function fateText({ fate, by, endedAt }: NodeMessage): string {
  const why = by === undefined ? '' : by === 'down' ? ' (it was down)' : ` (${nameOfFault(by)})`
  if (fate === 'received') return `${by === undefined ? '' : `held${why} and `}received only at ${moment(endedAt ?? 0)}`
  return fate === 'on its way' ? 'still on its way' : `${fate}${why}`
}

/** Describes a message: `n1 → n3: replicate with x = 743, sent at 6.571 s, held (partition)`. */
export const messageText = (message: NodeMessage, wire: Pick<Wire, 'change'>): string =>
  `${nameText(message.from)} → ${nameText(message.to)}: ${messageDetails(message, wire)}`

/** Returns the text of a message, without its sender and receiver. */
export const messageDetails = (message: NodeMessage, { change }: Pick<Wire, 'change'>): string =>
  `${nameText(message.type, 24)}${message.carries === undefined ? '' : ` with ${change}`}, sent at ${moment(message.sentAt, 4)}, ${
    message.fate === 'received' && message.by === undefined
      ? `received at ${moment(message.endedAt ?? 0, 4)}`
      : fateText(message)
  }`

/**
 * Two nodes, and a text that says what `from` did not send to `to`: the change or, if `to` is the server
 * `Wire.unasked`, a question about the changed key.
 */
export interface Silent {
  readonly from: string
  readonly to: string
  readonly text: string
}

export function silentOf({ isNeverSent, sender, reader, change, unasked }: Wire): Silent | undefined {
  if (unasked !== undefined) return { from: reader, to: unasked, text: 'nothing about it was sent from then on' }
  return isNeverSent ? { from: sender, to: reader, text: `nothing with ${change} was sent by then` } : undefined
}

/** Returns a line for each drawn message, and a line with the number of the other messages. */
export function wireLines(wire: Wire | undefined): readonly string[] {
  if (wire === undefined) return []
  const { messages, others } = wire
  const { from, to, text } = silentOf(wire) ?? {}
  const never = from === undefined || to === undefined ? [] : [`${nameText(from)} → ${nameText(to)}: ${text}`]
  const more = others === 0 ? [] : [`${plural(others, 'other message')} meanwhile`]
  const lines = messages.map((message) => messageText(message, wire))
  const folded = [...new Set(lines)].map((line) => {
    const times = lines.filter((other) => other === line).length
    return times === 1 ? line : `${line} (${times} times)`
  })
  return [...folded, ...never, ...unclearLine(wire), ...more]
}

/** Returns a line that says why it is unknown whether the change was sent to the reader; empty if this is known. */
export function unclearLine({
  unclear,
  reader,
  change,
}: Pick<Wire, 'unclear' | 'reader' | 'change'>): readonly string[] {
  if (unclear === undefined) return []
  const node = nameText(reader)
  return unclear === 'not recorded'
    ? [`not every message to ${node} was captured`]
    : [`${change} was not recognized in any message to ${node}, but a message may have contained it`]
}
