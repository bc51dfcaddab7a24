import type { Completion } from '@chaosproxy/history'
import { isTrouble, type NodeAddress } from '@chaosproxy/targets/database'
import { type Channel, type Keeping, type Message, nameOf, PAUSE_MS, type Remaining, valueIn } from './channel.ts'

/**
 * Drains queues. The drains of one queue run one after another. Otherwise, they would wait for each other's messages.
 */
export interface Drains {
  drain(address: NodeAddress, key: string, remainingMs: Remaining): Promise<Completion>
  close(): void
}

/**
 * The time until a message of a lost connection is back in its queue. If a message takes longer, it does not count as
 * lost: the dequeue that received it has an unknown outcome, so this dequeue may have taken the message.
 */
const REQUEUED_MS = 5_000

/** The progress of draining a queue. Each drain continues the one before. */
interface Drained {
  /** The channel stays open: if it were closed, a quorum queue would ignore acknowledgements beyond the first 33. */
  readonly channel: Channel
  /** The connection on which the messages in `taken` were delivered. */
  connection: number
  taken: Message[]
  /** Messages of earlier connections, by text. Most are delivered again. */
  readonly before: Map<string, Message>
}

/** Creates an object that drains queues. `lostAt` returns the time when a client last lost a connection. */
export function openDrains(
  { auto }: Keeping,
  open: (address: NodeAddress) => Channel,
  lostAt: () => number | undefined,
): Drains {
  const queues = new Map<string, Drained>()
  /** The last drain of each queue. */
  const last = new Map<string, Promise<unknown>>()
  let drainedSince: number | undefined

  /** Whether messages of a lost connection may still return to their queue. */
  function mayReturn(): boolean {
    const lost = lostAt()
    return lost !== undefined && performance.now() < Math.max(lost, drainedSince ?? 0) + REQUEUED_MS
  }

  /** Takes messages until the queue is empty, and only then acknowledges them. */
  async function drain(
    address: NodeAddress,
    key: string,
    { leastMs, remainingMs }: { readonly leastMs: number; readonly remainingMs: Remaining },
  ): Promise<Completion> {
    drainedSince ??= performance.now()
    const drained: Drained = queues.get(key) ?? {
      channel: open(address),
      connection: 0,
      taken: [],
      before: new Map(),
    }
    queues.set(key, drained)
    while (remainingMs() > leastMs) {
      const got = await drained.channel.get(nameOf(key), remainingMs)
      if (isTrouble(got)) return got
      if (!auto) beginAgain(drained)
      if (got !== 'empty') drained.taken.push(got)
      else if (mayReturn()) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      else return finish(drained, auto, remainingMs)
    }
    return { type: 'fail', error: 'the time for the drain ended before the queue was empty' }
  }

  return {
    drain(address, key, remainingMs) {
      // The drain requests no message in the second half of its time, so that its last request can get a reply. The
      // outcome of a request without a reply is unknown.
      const leastMs = remainingMs() / 2
      const drained = (last.get(key) ?? Promise.resolve()).then(() => drain(address, key, { leastMs, remainingMs }))
      last.set(key, drained)
      return drained
    },
    close() {
      for (const { channel } of queues.values()) channel.close()
      queues.clear()
    },
  }
}

/** Begins the drain again if there is a new connection, which cannot acknowledge messages of the old one. */
function beginAgain(drained: Drained): void {
  const connection = drained.channel.connection()
  if (connection === drained.connection) return
  for (const message of drained.taken) drained.before.set(message.body.toString(), message)
  drained.taken = []
  drained.connection = connection
}

async function finish(drained: Drained, auto: boolean, remainingMs: Remaining): Promise<Completion> {
  const { channel, taken, before } = drained
  const newest = taken.at(-1)
  // The messages were delivered even if the acknowledgement fails. At worst, they are delivered again.
  if (newest !== undefined && !auto) await channel.ack(newest.tag, { multiple: true, remainingMs })
  // The result contains all messages that were delivered, even those that were delivered only on an earlier connection.
  for (const { body } of taken) before.delete(body.toString())
  const messages = [...before.values(), ...taken]
  before.clear()
  drained.taken = []
  return { type: 'ok', value: messages.map(valueIn) }
}
