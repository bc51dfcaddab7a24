import type { Completion } from '@chaosproxy/history'
import { isTrouble, type NodeAddress } from '@chaosproxy/targets/database'
import { type Channel, type Keeping, type Message, nameOf, PAUSE_MS, type Remaining, valueIn } from './channel.ts'

/** The drains of all queues, one of each queue at a time: two at once would wait for each other's messages. */
export interface Drains {
  drain(address: NodeAddress, key: string, remainingMs: Remaining): Promise<Completion>
  close(): void
}

/**
 * So many ms after a connection was lost, and after drains have begun, which they do once everything is healed, a message
 * that was handed out on that connection is back in its queue. One that takes longer is not counted as lost: the dequeue
 * that it was handed out to is of unknown outcome.
 */
const REQUEUED_MS = 5_000

/** What has been drained from one queue. A drain goes on with what the one before it has begun. */
interface Drained {
  /** Stays open: a quorum queue takes no notice of acknowledgements beyond the first 33 if their channel is closed then. */
  readonly channel: Channel
  /** The connection on which `taken` was taken. */
  connection: number
  taken: Message[]
  /** What was taken on earlier connections, by its text. Most of it is handed out again. */
  readonly before: Map<string, Message>
}

/** `lostAt`: when a client last lost a connection. */
export function openDrains(
  { auto }: Keeping,
  open: (address: NodeAddress) => Channel,
  lostAt: () => number | undefined,
): Drains {
  const queues = new Map<string, Drained>()
  /** By queue: the last drain of it. */
  const last = new Map<string, Promise<unknown>>()
  let drainedSince: number | undefined

  /** Whether what was handed out on a connection that is gone may still come back. */
  function mayReturn(): boolean {
    const lost = lostAt()
    return lost !== undefined && performance.now() < Math.max(lost, drainedSince ?? 0) + REQUEUED_MS
  }

  /** Takes messages until there are none, and only then acknowledges them. */
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
    return { type: 'fail', error: 'no time was left until the queue was empty' }
  }

  return {
    drain(address, key, remainingMs) {
      // A request that is begun has time to be answered: what became of one that is not is unknown.
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

/** If the connection is a new one, nothing that was taken before can be acknowledged. */
function beginAgain(drained: Drained): void {
  const connection = drained.channel.connection()
  if (connection === drained.connection) return
  for (const message of drained.taken) drained.before.set(message.body.toString(), message)
  drained.taken = []
  drained.connection = connection
}

/** Acknowledges the messages that a drain took. */
async function finish(drained: Drained, auto: boolean, remainingMs: Remaining): Promise<Completion> {
  const { channel, taken, before } = drained
  const newest = taken.at(-1)
  // They were handed out, whatever becomes of this: at worst they are handed out again.
  if (newest !== undefined && !auto) await channel.ack(newest.tag, { multiple: true, remainingMs })
  // What was not handed out again was handed out all the same.
  for (const { body } of taken) before.delete(body.toString())
  const messages = [...before.values(), ...taken]
  before.clear()
  drained.taken = []
  return { type: 'ok', value: messages.map(valueIn) }
}
