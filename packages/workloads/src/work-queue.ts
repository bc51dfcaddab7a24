import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting } from './keys.ts'
import { numberOf, shareSetting } from './setting.ts'
import { missing, unfound } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** The probability that a client next returns or acknowledges a message that it holds. */
const ENDS = 0.6
/** The share of messages that are returned instead of acknowledged. */
const GIVES_BACK = 0.1

/**
 * Distinct messages with leases. The queue delivers a message again unless the client acknowledges it within the lease
 * time. Some consumers die while they hold messages. At the end, every queue lists the unacknowledged messages. A
 * message is lost if it was not acknowledged and is not listed.
 */
export const workQueue: Workload = {
  name: 'work-queue',
  summary: 'messages that are leased, acknowledged, given back, or handed out again; some consumers die',
  model: 'work-queue',
  initial: null,
  levels: ['exactly-once', 'leased', 'at-least-once'],
  object: 'work-queue',
  functions: ['enqueue', 'take', 'ack', 'nack', 'remaining'],
  reads: ['remaining'],
  settings: [
    keysSetting(5, 'how many queues clients use'),
    {
      name: 'lease-ms',
      summary: 'how long a taken message is leased',
      default: 1_000,
      min: 1,
      max: 600_000,
    },
    shareSetting('deaths', 0.05, 'share of messages whose consumer dies before it acknowledges them'),
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    const [leaseMs, deaths] = [numberOf(settings, 'lease-ms'), numberOf(settings, 'deaths')]
    let last = serial
    return {
      client(random) {
        let held: readonly { readonly key: string; readonly receipt: Json }[] = []
        return {
          next() {
            const [first, ...others] = held
            if (first !== undefined && random.chance(ENDS)) {
              held = others
              return { f: random.chance(GIVES_BACK) ? 'nack' : 'ack', key: first.key, value: first.receipt }
            }
            const key = keys.pick(random)
            if (random.chance(0.5)) return { f: 'take', key, value: leaseMs }
            last += 1
            return { f: 'enqueue', key, value: last }
          },
          learned({ f, key = '' }, completion) {
            // The client continues as a new process.
            if (completion.type === 'info') held = []
            else if (
              f === 'take' &&
              completion.type === 'ok' &&
              Array.isArray(completion.value) &&
              !random.chance(deaths)
            )
              held = [...held, { key, receipt: (completion.value as readonly Json[])[1] ?? null }]
          },
        }
      },
    }
  },
  finale: (keys) => keys.map((key) => ({ f: 'remaining', key, value: null })),
  races: { what: 'a take or an acknowledgement', functions: ['take', 'ack'] },
  vacuous: (history) => [
    ...missing(history, 'enqueue'),
    ...missing(history, 'ack'),
    ...unfound(history, ['take'], { text: 'no take returned a message', fits: (message) => message !== null }),
  ],
}
