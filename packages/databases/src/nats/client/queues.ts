import type { Completion, Input, Json } from '@chaosproxy/history'
import { bodyIn, isTrouble, numberIn, type Trouble } from '@chaosproxy/targets/database'
import type { NatsMessage } from '@chaosproxy/wire/nats'
import { type Asking, api, askJetStream, tokenOf, UNLIMITED } from './jetstream.ts'

/** The stream of all queues. Acknowledged messages are removed. */
export const QUEUES = 'chaos-queues'
const PREFIX = 'queue.'

export const queuesConfig = (replicas: number): object => ({
  name: QUEUES,
  subjects: [`${PREFIX}*`],
  ...{ storage: 'file', retention: 'workqueue', discard: 'old', num_replicas: replicas },
  ...UNLIMITED,
})

/** An unfinished drain of a queue, which the next drain continues. */
interface Drained {
  readonly since: number
  readonly held: Map<string, NatsMessage>
  /** The sequence number of the marker message; undefined until it is published. */
  marker: string | undefined
}

const MARKER = 'Chaos-Marker'
/** A message that is still stored after this number of acknowledgement waits counts as undeliverable. */
const KEPT_FOR_WAITS = 3
const BATCH = 100
const NANOS_PER_MS = 1e6

/** Returns a function that carries out an operation on a queue. */
export function openQueues(ackWaitMs: number): (asking: Asking, input: Input) => Promise<Completion> {
  const makeConsumer = openConsumers(ackWaitMs)
  /** The last drain of each queue. */
  const last = new Map<string, Promise<unknown>>()
  const unfinished = new Map<string, Drained>()

  /**
   * Takes messages until the queue is empty, and only then acknowledges them. A server that wrongly believes that it
   * leads may lack messages. So this function first publishes a marker: a server that delivers the marker has all
   * earlier messages.
   */
  async function drain(asking: Asking, queue: string): Promise<Completion> {
    const missing = await makeConsumer(asking, queue)
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
      // If a message is delivered again, the last delivery is acknowledged.
      for (const message of taken) held.set(sequenceOf(message), message)
      if (taken.length > 0) continue
      const left = held.has(drained.marker)
        ? await leftBeside(asking, queue, held.size)
        : 'the queue has not delivered the marker message of this drain'
      if (left === undefined || (left === KEPT && performance.now() > drained.since + KEPT_FOR_WAITS * ackWaitMs)) break
      if (!(await asking.pause())) return { type: 'fail', error: left }
    }
    unfinished.delete(queue)
    const messages = [...held.values()]
    await acknowledge(asking, messages)
    return { type: 'ok', value: messages.filter(({ headers }) => !headers.has(MARKER)).map(valueIn) }
  }

  /** Concurrent drains of a queue would wait for each other's messages. */
  function drainAlone(asking: Asking, queue: string): Promise<Completion> {
    const drained = (last.get(queue) ?? Promise.resolve()).then(() => drain(asking, queue))
    last.set(queue, drained)
    return drained
  }

  return (asking, { f, key = '', value }) => {
    const queue = tokenOf(key)
    switch (f) {
      case 'enqueue':
        return enqueue(asking, queue, value)
      case 'dequeue':
        return dequeue(asking, queue, makeConsumer)
      case 'drain':
        return drainAlone(asking, queue)
      default:
        throw new Error(`a queue does not support the operation ${f}`)
    }
  }
}

/**
 * Creates a queue's NATS consumer on first use. Resolves with the error if the server does not confirm the creation.
 */
type MakeConsumer = (asking: Asking, queue: string) => Promise<Trouble | undefined>

function openConsumers(ackWaitMs: number): MakeConsumer {
  const known = new Set<string>()
  return async (asking, queue) => {
    if (known.has(queue)) return undefined
    const made = await api(asking, `CONSUMER.DURABLE.CREATE.${QUEUES}.${queue}`, {
      stream_name: QUEUES,
      config: {
        ...{ durable_name: queue, filter_subject: PREFIX + queue, deliver_policy: 'all', replay_policy: 'instant' },
        ...{ ack_policy: 'explicit', ack_wait: ackWaitMs * NANOS_PER_MS, max_ack_pending: 100_000, max_waiting: 512 },
      },
    })
    // If the consumer cannot be created, no message has been taken.
    if (isTrouble(made)) return { type: 'fail', error: made.error }
    known.add(queue)
    return undefined
  }
}

async function dequeue(asking: Asking, queue: string, makeConsumer: MakeConsumer): Promise<Completion> {
  const missing = await makeConsumer(asking, queue)
  if (missing !== undefined) return missing
  const taken = await take(asking, queue, 1)
  // A message that the server may have delivered was not acknowledged, so the server will deliver it again.
  if (isTrouble(taken)) return { type: 'fail', error: taken.error }
  const [message] = taken
  if (message === undefined) return { type: 'ok', value: null }
  // The message was delivered even if the acknowledgement fails. At worst, it is delivered again.
  await acknowledge(asking, [message])
  return { type: 'ok', value: valueIn(message) }
}

async function enqueue(asking: Asking, queue: string, value: Json): Promise<Completion> {
  const done = await askJetStream(asking, { subject: PREFIX + queue, payload: JSON.stringify(value) })
  return isTrouble(done) ? done : { type: 'ok', value }
}

const NO_MESSAGES = 404
const REQUEST_TIMEOUT = 408

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

/** Acknowledges messages, and waits for the confirmation. */
async function acknowledge(asking: Asking, messages: readonly NatsMessage[]): Promise<void> {
  const [first, ...also] = messages.map(({ reply = '' }) => ({ subject: reply, payload: '+ACK' }))
  if (first !== undefined) await asking.ask({ ...first, also })
}

const KEPT = 'the stream keeps messages that its consumer counts neither as pending nor as handed out'

/**
 * Returns why the queue may contain messages other than the `held` messages taken by a drain; undefined if it cannot.
 */
async function leftBeside(asking: Asking, queue: string, held: number): Promise<string | undefined> {
  const consumer = await api(asking, `CONSUMER.INFO.${QUEUES}.${queue}`)
  if (isTrouble(consumer)) return consumer.error
  if (numberIn(consumer, 'num_pending') > 0) return 'there are more messages'
  if (numberIn(consumer, 'num_ack_pending') > held) return 'other clients have messages that they did not acknowledge'
  const subject = PREFIX + queue
  const stream = await api(asking, `STREAM.INFO.${QUEUES}`, { subjects_filter: subject })
  if (isTrouble(stream)) return stream.error
  return numberIn(bodyIn(bodyIn(stream, 'state'), 'subjects'), subject) > held ? KEPT : undefined
}

/** A message's sequence number in `$JS.ACK.STREAM.CONSUMER.DELIVERIES.SEQUENCE.…`. */
const sequenceOf = ({ reply = '' }: NatsMessage): string => reply.split('.').at(-4) ?? ''

const valueIn = ({ payload }: NatsMessage): Json => JSON.parse(payload.toString()) as Json
