import { createRandom, type MessageFault, type TcpFault, type TcpHarm } from '@chaosproxy/faults'
import { type Event, type Json, millis } from '@chaosproxy/history'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import type { Harm, Trigger } from '../../../testing/src/fault-parts.ts'
import { links, network, on, startDialling } from '../../../testing/src/sockets.ts'
import { FrameReader } from '../../../wire/src/framing/frame-reader.ts'
import { resp } from '../../../wire/src/resp/resp.ts'
import { chain } from '../../src/interceptor/chain.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { createMessageFaults } from '../../src/messages/message-faults.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { command } from '../redis.ts'
import { serveJournal } from './journal-server.ts'

const CLIENTS = 20
const PATIENCE_MS = 300
/** The most batches of requests on one connection. */
const MOST_BATCHES = 30

/**
 * All faults that act on bytes. No fault flips bits of requests, because the server would then execute different
 * requests.
 */
const linkFaults: readonly (readonly [keyof typeof links, TcpHarm, Trigger<TcpFault>])[] = [
  ['both', { kind: 'latency', latencyMs: millis(2), jitterMs: millis(2) }, { probability: 0.3 }],
  ['both', { kind: 'slice', averageBytes: 12, variationBytes: 8, pauseMs: millis(0) }, { probability: 0.3 }],
  ['both', { kind: 'bandwidth', bytesPerSecond: 20_000 }, { probability: 0.1 }],
  ['to', { kind: 'reset-peer', afterMs: millis(40) }, { probability: 0.1 }],
  ['back', { kind: 'reset-peer', afterMs: millis(30) }, { probability: 0.1 }],
  ['to', { kind: 'limit-bytes', bytes: 700 }, { probability: 0.1 }],
  ['back', { kind: 'limit-bytes', bytes: 70 }, { probability: 0.1 }],
  ['both', { kind: 'limit-time', afterMs: millis(80) }, { probability: 0.05 }],
  ['to', { kind: 'timeout', afterMs: millis(20) }, { probability: 0.03, afterBytes: 300 }],
  ['back', { kind: 'timeout', afterMs: millis(20) }, { probability: 0.03, afterBytes: 30 }],
  ['both', { kind: 'half-open' }, { probability: 0.1 }],
  ['both', { kind: 'slow-close', delayMs: millis(10) }, { probability: 0.1 }],
  ['to', { kind: 'slow-connect', delayMs: millis(5) }, { probability: 0.1 }],
  ['to', { kind: 'refuse' }, { probability: 0.05 }],
  ['to', { kind: 'partition', mode: 'hold' }, { probability: 0.05, afterBytes: 200 }],
  ['back', { kind: 'blackhole' }, { probability: 0.05, afterBytes: 60 }],
  ['back', { kind: 'corrupt', probability: 0.0005 }, {}],
]

const messageFaults: readonly Harm<MessageFault>[] = [
  { kind: 'drop-message' },
  { kind: 'duplicate-message', copies: 1 },
  { kind: 'reorder-message', behind: 1, withinMs: millis(5) },
  { kind: 'replay-message', behind: 2, withinMs: millis(5) },
  { kind: 'delay-message', delayMs: millis(3), jitterMs: millis(2) },
  { kind: 'corrupt-message', bits: 1 },
]

/** One request, or a transaction of several. */
interface Sent {
  readonly text: string
  readonly answers: number
}

const random = createRandom('journal')

/** Each request has its own keys, except the requests for one shared key. */
function draw(id: number, transactions: boolean): Sent {
  const key = `${id}:${(id * 7919) % 9973}`
  const one = (...words: string[]): Sent => ({ text: command(...words), answers: 1 })
  switch (id % (transactions ? 13 : 12)) {
    case 0:
      return one('SET', `set:${key}`, 'v')
    case 1:
      return one('SET', `nx:${key}`, 'v', 'NX')
    case 2:
      return one('GETSET', `swap:${key}`, 'v')
    case 3:
      return one('APPEND', `append:${key}`, 'v')
    case 4:
      return one('INCR', `count:${key}`)
    case 5:
      return one('MSET', `m:${key}`, 'v', `n:${key}`, 'w')
    case 6:
      return one('DEL', `del:${key}`)
    case 7:
      return one('HSET', `hash:${key}`, 'f', 'v')
    case 8:
      return one('LPUSH', `list:${key}`, 'v')
    case 9:
      return one('SET', 'shared', key)
    case 10:
      return one('GET', 'shared')
    case 11:
      return one('PING')
    default:
      return {
        text: command('MULTI') + command('SET', `x:${key}`, 'v') + command('INCR', `y:${key}`) + command('EXEC'),
        answers: 4,
      }
  }
}

const isTransaction = ({ answers }: Sent): boolean => answers > 1

/**
 * Sends requests until enough are recorded, sometimes several at once. Opens a new connection after a failure, or after
 * `MOST_BATCHES` batches. Calls `sent` with each request. `hasTransaction`: whether this request or an earlier one on
 * the same connection is a transaction.
 */
async function ask(
  port: number,
  next: () => Sent | undefined,
  sent: (request: Sent, hasTransaction: boolean) => void,
): Promise<void> {
  let isOver = false
  while (!isOver) {
    const socket = startDialling({ host: '127.0.0.1', port })
    let hasTransaction = false
    await new Promise<void>((resolve) => {
      let missing = 0
      let batches = 0
      let patience: ReturnType<typeof setTimeout> | undefined
      const send = () => {
        const wanted = random.next() < 0.2 ? 3 : 1
        const batch = Array.from({ length: wanted }, next).filter((sent) => sent !== undefined)
        isOver = batch.length < wanted
        if (batch.length === 0 || ++batches > MOST_BATCHES) return void socket.destroy()
        for (const request of batch) {
          hasTransaction ||= isTransaction(request)
          sent(request, hasTransaction)
        }
        missing = batch.reduce((sum, { answers }) => sum + answers, 0)
        socket.write(batch.map(({ text }) => text).join(''))
        patience = setTimeout(() => socket.destroy(), PATIENCE_MS)
      }
      const reader = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes: 1 << 20 })
      socket.on('data', (bytes: Buffer) => {
        reader.read(bytes, { frame: () => void missing--, loose: () => socket.destroy() })
        if (missing > 0 || socket.destroyed) return
        clearTimeout(patience)
        send()
      })
      socket.on('connect', send)
      socket.on('end', () => socket.destroy())
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearTimeout(patience)
        resolve()
      })
    })
  }
}

interface Recorded {
  readonly f: string
  readonly key: string
  readonly type: string
  readonly value: Json
}

/**
 * Returns the outcome of each operation; `open` for an operation that never ended.
 *
 * @throws if a process has two operations at the same time.
 */
function outcomesOf(events: readonly Event[]): readonly Recorded[] {
  const open = new Map<Event['process'], number>()
  const outcomes: Recorded[] = []
  for (const { process, type, f, key = '', value } of events) {
    if (process === 'recorder' || process === 'nemesis') continue
    const at = open.get(process)
    if ((at === undefined) !== (type === 'invoke')) throw new Error(`process ${process}: ${type} out of order`)
    if (at === undefined) {
      open.set(process, outcomes.length)
      outcomes.push({ f, key, type: 'open', value })
    } else {
      open.delete(process)
      outcomes[at] = { f, key, type, value }
    }
  }
  return outcomes
}

/**
 * Whether the recorder marked a key as touched because a fault changed a request. Such a request may have any effect.
 */
const isOfAltered = (mark: Json): boolean =>
  (mark as { readonly what?: string }).what === 'a request that a fault changed'

/** Matches the suffix `[f]` of a key, which names a field of a Redis hash. */
const FIELD = /\[f\]$/

export interface UnderFaultsOptions {
  /** Operations to be recorded. */
  readonly operations: number
  readonly transactions: boolean
}

/** Records clients of a server under all faults, and compares the record with the server's journal. */
export async function recordUnderFaults({ operations, transactions }: UnderFaultsOptions) {
  const events: Event[] = []
  const recorder = createRecorder({
    now: startRunClock(),
    client: { write: (line) => void events.push(JSON.parse(line) as Event) },
  })
  const server = await serveJournal()
  const messages = createMessageFaults({ seed: 1 })
  const framed = messages.intercept({ from: 'clients', to: 'n1', framing: resp })
  const made = network()
  const intercept = chain(recordConversations(recordResp({ recorder, node: 'n1' }), recorder), framed)
  const route = await made.route({ from: 'clients', to: 'n1', upstream: server, intercept })
  const applied = [
    ...linkFaults.map(([where, harm, when]) => made.apply(on(links[where], harm, when))),
    ...messageFaults.flatMap((harm) =>
      [links.to, links.back].map((where) =>
        messages.apply({ ...harm, links: where, when: { probability: 0.003 } } as MessageFault),
      ),
    ),
  ]
  const asked = new Set<string>()
  const askedBehindTransactions = new Set<string>()
  let sent = 0
  const next = (): Sent | undefined =>
    recorder.counters.operations >= operations ? undefined : draw(sent++, transactions)
  const note = ({ text }: Sent, hasTransaction: boolean): void => {
    for (const word of text.split('\r\n')) {
      asked.add(word)
      if (hasTransaction) askedBehindTransactions.add(word)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, () => ask(route.port, next, note)))
  await route.close()

  const outcomes = outcomesOf(events)
  const marks = events.filter(({ process, f }) => process === 'recorder' && f === 'touched')
  const touched = marks.filter(({ key, value }) => key !== undefined || !isOfAltered(value)).map(({ key }) => key)
  /**
   * A mark (`touched`) names a key that may have changed. If a request that a fault changed may have affected any key,
   * one mark without a key stands for all keys. After such a mark, two kinds of requests get no mark of their own:
   * requests on lists, and requests after a transaction on a connection that a fault has disturbed.
   */
  const areMarked = touched.length === marks.length
  const isMarked = (key: string): boolean =>
    areMarked || !(key.startsWith('list:') || askedBehindTransactions.has(key.replace(FIELD, '')))
  const answered = server.answered.get('shared') ?? new Set()
  const accounted = new Set([...outcomes.filter(({ type }) => type !== 'fail').map(({ key }) => key), ...touched])
  return {
    counters: recorder.counters,
    sent,
    count: (type: string) => outcomes.filter((each) => each.type === type).length,
    unhit: applied.filter(({ hits }) => hits === 0).map(({ fault }) => fault.kind),
    /** Operations whose recorded outcome contradicts the server's journal. */
    wrong: outcomes.filter(({ f, key, type }) => {
      if (f === 'read' || key === 'shared') return false
      const times = server.written.get(key) ?? 0
      return type === 'ok' ? times !== 1 : type === 'fail' ? times !== 0 : type !== 'info'
    }),
    /** Recorded reads of a value that the server never returned. */
    invented: outcomes.filter(
      ({ f, type, value }) =>
        f === 'read' && type === 'ok' && !answered.has(value === null ? undefined : String(value)),
    ),
    /**
     * Keys that the server wrote, although neither a mark nor a recorded operation that may have taken effect names
     * them. A key that no client sent is left out: a fault made it by flipping bits of a request.
     */
    unaccounted: touched.includes(undefined)
      ? []
      : [...server.written.keys()].filter(
          (key) => asked.has(key.replace(FIELD, '')) && !accounted.has(key) && isMarked(key),
        ),
    isAnythingTouched: touched.includes(undefined),
  }
}
