import { environmentError } from '@chaosproxy/history'
import {
  bodyIn,
  isTrouble,
  listIn,
  type NodeAddress,
  type PlannedClients,
  performingClient,
} from '@chaosproxy/targets/database'
import { numberOf, type Settings } from '@chaosproxy/workloads'
import { BUCKET, bucketConfig, onBucket } from './bucket.ts'
import { api, openJetStream } from './jetstream.ts'
import { LOGS, logsConfig, onLogs } from './logs.ts'
import { openQueues, QUEUES, queuesConfig } from './queues.ts'

const ON_BUCKET = ['read', 'write', 'cas']
const ON_QUEUES = ['enqueue', 'dequeue', 'drain']
const ON_LOGS = ['send', 'poll', 'assign', 'commit_offsets']

/**
 * Clients of NATS. Each client stays with one server, and sends no request twice. The history consists of the clients'
 * reports, because an operation may take several requests.
 */
export const natsClients = (settings: Settings): PlannedClients => ({
  functions: [...ON_BUCKET, ...ON_QUEUES, ...ON_LOGS],
  sessions: undefined,
  carries: () => undefined,
  async open({ operations }) {
    const isDirect = settings['direct'] === 'on'
    const onQueue = openQueues(numberOf(settings, 'ack-wait-ms'))
    const uses = (functions: readonly string[]) => operations.functions.some((f) => functions.includes(f))
    const [stream, configOf] = uses(ON_QUEUES)
      ? ([QUEUES, queuesConfig] as const)
      : uses(ON_LOGS)
        ? ([LOGS, logsConfig] as const)
        : ([BUCKET, (replicas: number) => bucketConfig(replicas, isDirect)] as const)
    return {
      prepare: (reached, timeoutMs) => makeStream(reached, { stream, config: configOf(reached.length), timeoutMs }),
      connect(address) {
        const jetstream = openJetStream(address)
        return performingClient({
          perform(input, timeoutMs) {
            const asking = jetstream.begin(timeoutMs)
            if (ON_QUEUES.includes(input.f)) return onQueue(asking, input)
            return ON_LOGS.includes(input.f) ? onLogs(asking, input) : onBucket(asking, input, isDirect)
          },
          close: () => jetstream.close(),
        })
      },
      close: async () => {},
    }
  },
})

interface Making {
  readonly stream: string
  readonly config: object
  readonly timeoutMs: number
}

/** Creates a stream once the servers have a leader, and waits until its replicas are current. */
async function makeStream(reached: readonly NodeAddress[], { stream, config, timeoutMs }: Making): Promise<void> {
  const [first] = reached
  if (first === undefined) throw new Error('a cluster without nodes')
  const jetstream = openJetStream(first)
  const asking = jetstream.begin(timeoutMs)
  let trouble = 'nothing was asked'
  try {
    do {
      // An attempt lasts at most 2 s, so that time is left for another attempt if there is no reply.
      const soon = jetstream.begin(Math.min(2_000, asking.remainingMs()))
      const made = await api(soon, `STREAM.CREATE.${stream}`, config)
      const info = isTrouble(made) ? made : await api(soon, `STREAM.INFO.${stream}`)
      if (isTrouble(info)) trouble = info.error
      else {
        const replicas = listIn(bodyIn(info, 'cluster'), 'replicas')
        if (replicas.length === reached.length - 1 && replicas.every(({ current }) => current === true)) return
        trouble = `its replicas are ${JSON.stringify(replicas)}`
      }
    } while (await asking.pause())
  } finally {
    jetstream.close()
  }
  throw environmentError(`nats: the stream ${stream} was not ready after ${timeoutMs} ms: ${trouble}.`)
}
