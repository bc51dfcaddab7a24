import type { Link, NodeId } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { Doubt, Passage, PassedMessage } from '@chaosproxy/proxy'
import type { Change, FaultRecord, Heard, Listening, NodeMessage } from '@chaosproxy/runner/result'
import { fateOf } from './fate.ts'
import { hasWord, type Recognised, recognise } from './recognise.ts'

/**
 * `known` contains changes of the key other than those in `listening.about`. If a message shows one of them in a
 * recognisable form, a message with a change in `listening.about` would be recognised, too.
 */
export interface Overheard extends ExcerptOptions {
  readonly faults: readonly FaultRecord[]
  readonly passages: Iterable<Passage>
  readonly nodes: readonly NodeId[]
  /** Returns whether all traffic of the link passes the proxy. */
  readonly carriesAll: (link: Link) => boolean
}

/** The maximum number of messages, because the run's summary must stay short. Further messages explain nothing. */
const MOST_HEARD = 200

/** Returns what nodes sent each other about a change. Omits everything uncertain. */
export function heardOf(overheard: Overheard): Heard {
  const { listening, passages } = overheard
  const { from, to, between } = listening
  const excerpts: Excerpt[] = []
  // Passages are read one by one, so that only the relevant part of each stays in memory.
  for (const passage of passages) excerpts.push(excerptOf(passage, overheard))
  const sent = excerpts.flatMap((excerpt) => excerpt.sent)
  const unclear = unclearOf(excerpts, overheard)
  // If a message contained the value before the write, later messages with the value need not be about the write.
  const isAmbiguous = sent.some(({ sentAt }) => sentAt < from)
  // The nodes that could forward the change.
  const informed = new Set([between[0], ...sent.filter(carries).flatMap(({ link }) => [link.from, link.to])])
  const isAttempt = ({ closedAtMs }: PassedMessage, { from: dialler, to: reader }: Link) =>
    reader === between.at(-1) &&
    informed.has(dialler) &&
    closedAtMs !== undefined &&
    runTime(closedAtMs, overheard) <= to
  const kept = sent
    .filter(({ sentAt }) => sentAt >= from)
    .filter((each) => {
      const { message, link } = each
      if (carries(each)) return true
      return message.isUnread === true
        ? isAttempt(message, link)
        : [link.from, link.to].every((end) => between.includes(end))
    })
    .sort((a, b) => Number(carries(b)) - Number(carries(a)) || a.sentAt - b.sentAt)
  const notRequested = unqueriedServers(excerpts, overheard)
  const messages = kept.slice(0, MOST_HEARD).map((each) => messageOf(each, overheard, isAmbiguous))
  return {
    listening,
    messages: messages.sort((a, b) => a.sentAt - b.sentAt),
    isCut: kept.length > MOST_HEARD || unclear !== undefined,
    ...(unclear === undefined ? {} : { unclear }),
    ...(notRequested.length === 0 ? {} : { unasked: notRequested }),
  }
}

const carries = ({ recognised }: Sent): boolean => recognised === 'carries'

function messageOf({ message, link, sentAt, change }: Sent, overheard: Overheard, isAmbiguous: boolean): NodeMessage {
  const { deliveredAtMs, closedAtMs } = message
  const times = {
    sentAt,
    deliveredAt: deliveredAtMs === undefined ? undefined : runTime(deliveredAtMs, overheard),
    closedAt: closedAtMs === undefined ? undefined : runTime(closedAtMs, overheard),
  }
  return {
    ...{ from: link.from, to: link.to, type: message.type, sentAt },
    ...(change === undefined || isAmbiguous ? {} : { carries: change }),
    ...fateOf(times, { link, until: overheard.listening.to, faults: overheard.faults }),
  }
}

/** Returns why the reading node may have received the change although no message shows it. */
function unclearOf(
  excerpts: readonly Excerpt[],
  { listening: { from, to, between }, faults, nodes, carriesAll }: Overheard,
): Heard['unclear'] {
  const reader = between.at(-1)
  if (reader === undefined) return 'not recorded'
  const incoming = excerpts.filter(({ link }) => link.to === reader)
  const isRefused = faults.some(
    (record) =>
      record.fault.kind === 'refuse' &&
      record.fault.links.some((link) => link.to === reader) &&
      record.from <= to &&
      record.to >= from,
  )
  const isMissing = nodes.some((node) => node !== reader && !carriesAll({ from: node, to: reader }))
  const doubts = incoming.flatMap((excerpt) => excerpt.doubts)
  if (isRefused || isMissing || doubts.some((why) => why !== 'unreadable')) return 'not recorded'
  const isAmbiguous = excerpts.some(({ sent }) => sent.some(({ sentAt }) => sentAt < from))
  const isPuzzling = incoming.some(({ sent }) =>
    sent.some(({ recognised }) => recognised === 'unreadable' || recognised === 'value only'),
  )
  const isUnderstood = incoming.some((excerpt) => excerpt.isUnderstood)
  return doubts.length > 0 || isAmbiguous || isPuzzling || !isUnderstood ? 'not recognised' : undefined
}

/**
 * Returns the databases and caches that received the change, and that the reading node has not asked about the key
 * since they received it. Omits a server if the proxy does not carry all traffic from the node to it.
 */
function unqueriedServers(
  excerpts: readonly Excerpt[],
  { listening: { between, about }, keys, nodes, carriesAll, zeroMs }: Overheard,
): readonly NodeId[] {
  const reader = between.at(-1)
  const own = new Set(about.map(({ key }) => key))
  const others = keys.filter((key) => !own.has(key))
  const namesAny = (some: Iterable<string | undefined>, text: string) =>
    [...some].some((key) => key !== undefined && hasWord(text, key))
  // A message that names another key of the run, but none of `own`, does not ask for the keys in `own`. A message that
  // names no key of the run may ask for all keys.
  const mayAsk = (text: string | undefined) => text === undefined || namesAny(own, text) || !namesAny(others, text)
  /** When each server received the change. */
  const firstReceived = new Map<NodeId, Nanos>()
  for (const { link, message } of excerpts.flatMap(({ sent }) => sent.filter(carries))) {
    if (message.deliveredAtMs === undefined || nodes.includes(link.to) || link.from === reader) continue
    const receivedAt = runTime(message.deliveredAtMs, { zeroMs })
    if (receivedAt < (firstReceived.get(link.to) ?? Number.POSITIVE_INFINITY)) firstReceived.set(link.to, receivedAt)
  }
  return [...firstReceived].flatMap(([server, since]) => {
    if (reader === undefined || !carriesAll({ from: reader, to: server })) return []
    const asking = excerpts.filter(({ link }) => link.from === reader && link.to === server)
    const hasRequested = asking.some(
      ({ doubts, sent }) =>
        doubts.length > 0 || sent.some(({ message, sentAt }) => sentAt >= since && mayAsk(message.text)),
    )
    return hasRequested ? [] : [server]
  })
}

interface Excerpt {
  readonly link: Link
  /** The messages sent in the period of interest, and earlier messages that carry a change of `listening.about`. */
  readonly sent: readonly Sent[]
  /** Why further messages may have been sent in the period of interest. */
  readonly doubts: readonly (Doubt['why'] | 'forgotten')[]
  /** Whether the traffic contains a change of the key in a recognisable form. */
  readonly isUnderstood: boolean
}

interface Sent {
  readonly message: PassedMessage
  readonly link: Link
  readonly sentAt: Nanos
  /** The last change in the list `listening.about` that the message carries; undefined if it carries none. */
  readonly change: Change | undefined
  readonly recognised: Recognised
}

interface ExcerptOptions {
  readonly listening: Listening
  readonly known: readonly Change[]
  readonly keys: readonly string[]
  readonly zeroMs: number
}

const runTime = (ms: number, { zeroMs }: Pick<ExcerptOptions, 'zeroMs'>): Nanos =>
  nanos(Math.round((ms - zeroMs) * 1e6))

function excerptOf(passage: Passage, options: ExcerptOptions): Excerpt {
  const { link, messages, forgottenUntilMs, doubts } = passage
  const { listening, known, zeroMs } = options
  const [fromMs, toMs] = [zeroMs + listening.from / 1e6, zeroMs + listening.to / 1e6]
  const within = doubts.filter((doubt) => doubt.fromMs <= toMs && doubt.toMs >= fromMs)
  return {
    link,
    sent: messages
      .filter(({ sentAtMs }) => sentAtMs <= toMs)
      .map((message) => ({ message, link, sentAt: runTime(message.sentAtMs, options), ...about(message, listening) }))
      .filter(({ sentAt, recognised }) => sentAt >= listening.from || recognised === 'carries'),
    doubts: [...within.map(({ why }) => why), ...(forgottenUntilMs >= fromMs ? (['forgotten'] as const) : [])],
    isUnderstood: messages.some((message) => known.some((change) => recognise(message, change) === 'carries')),
  }
}

function about(message: PassedMessage, { about: changes }: Listening): Pick<Sent, 'change' | 'recognised'> {
  const all = changes.map((change) => ({ change, recognised: recognise(message, change) }))
  const found = all.findLast(({ recognised }) => recognised === 'carries')
  return (
    found ?? { change: undefined, recognised: all.find(({ recognised }) => recognised !== 'no')?.recognised ?? 'no' }
  )
}
