import type { Completion, Input, Json } from '@chaosproxy/history'
import { bodyIn, isTrouble, numberIn, type Trouble } from '@chaosproxy/targets/database'
import type { NatsMessage } from '@chaosproxy/wire/nats'
import { type Asking, api, askJetStream, tokenOf } from './jetstream.ts'

/** The stream of all queues. A message is removed once it is acknowledged. */
export const QUEUES = 'chaos-queues'
const PREFIX = 'queue.'

export const queuesConfig = (replicas: number): object => ({
  name: QUEUES,
  subjects: [`${PREFIX}*`],
  ...{ storage: 'file', retention: 'workqueue', discard: 'old', num_replicas: replicas },
  ...{ max_msgs: -1, max_bytes: -1, max_age: 0, max_consumers: -1, max_msg_size: -1 },
})

export interface Queues {
  onQueue(asking: Asking, input: Input): Promise<Completion>
}

/** A drain of a queue that has not succeeded yet. The next drain of the queue continues it. */
interface Drained {
  readonly since: number
  /** The messages delivered to the drain, by sequence number in the stream. */
  readonly held: Map<string, NatsMessage>
  /** The sequence number of the marker message that the drain has published; undefined before that. */
  marker: string | undefined
}

const MARKER = 'Chaos-Marker'
/** The number of acknowledgement waits after which a message that the stream still stores counts as undeliverable. */
const KEPT_FOR_WAITS = 3
/** The most messages that one request takes. */
const BATCH = 100
const NANOS_PER_MS = 1e6

export function openQueues(ackWaitMs: number): Queues {
  const consumers = openConsumers(ackWaitMs)
  /** The last drain of each queue. */
  const last = new Map<string, Promise<unknown>>()
  const unfinished = new Map<string, Drained>()

  /**
   * Takes messages until the queue contains no other messages, and acknowledges them only then. A server may wrongly
   * believe that it leads, and lack the newest messages. The drain therefore publishes a marker first. A server that
   * delivers the marker has all messages before the marker.
   */
  async function drain(asking: Asking, queue: string): Promise<Completion> {
    const missing = await consumers.make(asking, queue)
    if (missing !== undefined) return missing
    const drained = unfinished.get(queue) ?? { since: performance.now(), held: new Map(), marker: undefined }
    unfinished.set(queue, drained)
    const { held } = drained
    if (drained.marker === undefined) {
      const marked = await askJetStream(asking, { subject: PREFIX + queue, headers: { [MARKER]: 'drain' } })
      if (isTrouble(marked)) return { type: 'fail', error: marked.error }
      drained.marker = String(numberIn(marked, 'seq'))
    }
    for (;;) {
      const taken = await take(asking, queue, BATCH)
      if (isTrouble(taken)) return { type: 'fail', error: taken.error }
      // A message that is delivered again is acknowledged by its last delivery.
      for (const message of taken) held.set(sequenceOf(message), message)
      if (taken.length > 0) continue
      const left = held.has(drained.marker) ? await leftBeside(asking, queue, held.size) : 'the marker has not come out'
      if (left === undefined || (left === KEPT && performance.now() > drained.since + KEPT_FOR_WAITS * ackWaitMs)) break
      if (!(await asking.pause())) return { type: 'fail', error: left }
    }
    unfinished.delete(queue)
    const messages = [...held.values()]
    await acknowledge(asking, messages)
    return { type: 'ok', value: messages.filter(({ headers }) => !headers.has(MARKER)).map(valueIn) }
  }

  /** Runs the drains of a queue one after the other: two concurrent drains would wait for each other's messages. */
  function drainAlone(asking: Asking, queue: string): Promise<Completion> {
    const drained = (last.get(queue) ?? Promise.resolve()).then(() => drain(asking, queue))
    last.set(queue, drained)
    return drained
  }

  return {
    onQueue(asking, { f, key = '', value }) {
      const queue = tokenOf(key)
      switch (f) {
        case 'enqueue':
          return enqueue(asking, queue, value)
        case 'dequeue':
          return dequeue(asking, queue, consumers)
        case 'drain':
          return drainAlone(asking, queue)
        default:
          throw new Error(`a queue is not asked to ${f}`)
      }
    },
  }
}

/** The consumers that deliver the messages of queues. */
interface Consumers {
  /**
   * Creates the consumer of a queue on first use; repeating the request changes nothing. Resolves with the reason why
   * the consumer may not exist; undefined if it exists.
   */
  make(asking: Asking, queue: string): Promise<Trouble | undefined>
}

function openConsumers(ackWaitMs: number): Consumers {
  const known = new Set<string>()
  return {
    async make(asking, queue) {
      if (known.has(queue)) return undefined
      const made = await api(asking, `CONSUMER.DURABLE.CREATE.${QUEUES}.${queue}`, {
        stream_name: QUEUES,
        config: {
          ...{ durable_name: queue, filter_subject: PREFIX + queue, deliver_policy: 'all', replay_policy: 'instant' },
          ...{ ack_policy: 'explicit', ack_wait: ackWaitMs * NANOS_PER_MS, max_ack_pending: 100_000, max_waiting: 512 },
        },
      })
      // The operation fails, because it has not taken any message.
      if (isTrouble(made)) return { type: 'fail', error: made.error }
      known.add(queue)
      return undefined
    },
  }
}

async function dequeue(asking: Asking, queue: string, consumers: Consumers): Promise<Completion> {
  const missing = await consumers.make(asking, queue)
  if (missing !== undefined) return missing
  const taken = await take(asking, queue, 1)
  // A delivered message that is not acknowledged is delivered again.
  if (isTrouble(taken)) return { type: 'fail', error: taken.error }
  const [message] = taken
  if (message === undefined) return { type: 'ok', value: null }
  // The message was delivered, whether or not the acknowledgement succeeds. At worst it is delivered again.
  await acknowledge(asking, [message])
  return { type: 'ok', value: valueIn(message) }
}

async function enqueue(asking: Asking, queue: string, value: Json): Promise<Completion> {
  const done = await askJetStream(asking, { subject: PREFIX + queue, payload: JSON.stringify(value) })
  return isTrouble(done) ? done : { type: 'ok', value }
}

const NO_MESSAGES = 404
const REQUEST_TIMEOUT = 408

/** Takes the messages available now; none if the queue is empty. */
async function take(asking: Asking, queue: string, most: number): Promise<readonly NatsMessage[] | Trouble> {
  const messages = await asking.ask({
    subject: `$JS.API.CONSUMER.MSG.NEXT.${QUEUES}.${queue}`,
    payload: JSON.stringify({ batch: most, no_wait: true }),
    most,
  })
  if (isTrouble(messages)) return messages
  const last = messages.at(-1)
  if (last?.status === undefined) return messages
  if (last.status === NO_MESSAGES || last.status === REQUEST_TIMEOUT) return messages.slice(0, -1)
  return { type: 'info', error: `${last.status} ${last.description}` }
}

/** Acknowledges messages. Waits until the server confirms the acknowledgements, or until time has elapsed. */
async function acknowledge(asking: Asking, messages: readonly NatsMessage[]): Promise<void> {
  const [first, ...also] = messages.map(({ reply = '' }) => ({ subject: reply, payload: '+ACK' }))
  if (first !== undefined) await asking.ask({ ...first, also })
}

const KEPT = 'the stream keeps messages that its consumer neither hands out nor has handed out'

/**
 * Returns why the queue may contain more messages than the `held` messages already taken; undefined if it contains no
 * more.
 */
async function leftBeside(asking: Asking, queue: string, held: number): Promise<string | undefined> {
  const consumer = await api(asking, `CONSUMER.INFO.${QUEUES}.${queue}`)
  if (isTrouble(consumer)) return consumer.error
  if (numberIn(consumer, 'num_pending') > 0) return 'there are more messages'
  if (numberIn(consumer, 'num_ack_pending') > held) return 'others have messages that they did not acknowledge'
  const subject = PREFIX + queue
  const stream = await api(asking, `STREAM.INFO.${QUEUES}`, { subjects_filter: subject })
  if (isTrouble(stream)) return stream.error
  return numberIn(bodyIn(bodyIn(stream, 'state'), 'subjects'), subject) > held ? KEPT : undefined
}

/**
 * Returns a message's sequence number in the stream, which is unique: `$JS.ACK.STREAM.CONSUMER.DELIVERIES.SEQUENCE.…`.
 */
const sequenceOf = ({ reply = '' }: NatsMessage): string => reply.split('.').at(-4) ?? ''

const valueIn = ({ payload }: NatsMessage): Json => JSON.parse(payload.toString()) as Json
