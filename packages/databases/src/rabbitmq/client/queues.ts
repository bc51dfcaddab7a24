import { type Completion, environmentError, type Json } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import { isTrouble, type NodeAddress, performingClient, startOperation } from '@chaosproxy/targets/database'
import { type Channel, type Keeping, nameOf, openChannel, PAUSE_MS, type Remaining, valueIn } from './channel.ts'
import { openDrains } from './drains.ts'

export interface Queues {
  /** Waits until all brokers are in the cluster and serve. @throws UserError (environment) */
  prepare(reached: readonly NodeAddress[], timeoutMs: number): Promise<void>
  connect(address: NodeAddress): Client
  close(): void
}

export function openQueues(keeping: Keeping): Queues {
  let lostAt: number | undefined
  const open = (address: NodeAddress): Channel =>
    openChannel(address, keeping, () => {
      lostAt = performance.now()
    })
  const drains = openDrains(keeping, open, () => lostAt)

  return {
    async prepare(reached, timeoutMs) {
      await Promise.all(
        reached.map((address) =>
          served(
            openChannel(address, keeping, () => {}),
            address,
            timeoutMs,
          ),
        ),
      )
    },
    connect(address) {
      const channel = open(address)
      return performingClient({
        async perform({ f, key = '', value }, timeoutMs) {
          const { remainingMs } = startOperation(timeoutMs)
          switch (f) {
            case 'enqueue':
              return enqueue(channel, { key, value }, remainingMs)
            case 'dequeue':
              return dequeue(channel, key, { auto: keeping.auto, remainingMs })
            case 'drain':
              return drains.drain(address, key, remainingMs)
            default:
              throw new Error(`a queue does not support the operation ${f}`)
          }
        },
        close: () => channel.close(),
      })
    },
    close: () => drains.close(),
  }
}

async function dequeue(
  channel: Channel,
  key: string,
  { auto, remainingMs }: { readonly auto: boolean; readonly remainingMs: Remaining },
): Promise<Completion> {
  const got = await channel.get(nameOf(key), remainingMs)
  // If the reply with the message was lost, RabbitMQ delivers the message again later, unless `auto` is set.
  if (isTrouble(got)) return got
  if (got === 'empty') return { type: 'ok', value: null }
  // The message was delivered even if the acknowledgement fails. At worst, it is delivered again.
  if (!auto) await channel.ack(got.tag, { multiple: false, remainingMs })
  return { type: 'ok', value: valueIn(got) }
}

async function enqueue(
  channel: Channel,
  { key, value }: { readonly key: string; readonly value: Json },
  remainingMs: Remaining,
): Promise<Completion> {
  const done = await channel.publish(nameOf(key), Buffer.from(JSON.stringify(value)), remainingMs)
  return isTrouble(done) ? done : { type: 'ok', value }
}

async function served(channel: Channel, { node }: NodeAddress, timeoutMs: number): Promise<void> {
  const { remainingMs } = startOperation(timeoutMs)
  let trouble = await channel.reach(remainingMs)
  while (trouble !== undefined && remainingMs() > PAUSE_MS) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    trouble = await channel.reach(remainingMs)
  }
  channel.close()
  if (trouble !== undefined)
    throw environmentError(`rabbitmq: ${node} did not accept requests within ${timeoutMs} ms: ${trouble.error}.`)
}
