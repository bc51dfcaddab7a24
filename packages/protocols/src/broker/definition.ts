import { type ProtocolDefinition, watchState } from '../definition.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createBroker } from './machine.ts'
import type { BrokerState } from './state.ts'

/** Objects whose keys are independent of each other. */
const BY_KEY: readonly string[] = ['register', 'set', 'counter', 'log']

export const broker: ProtocolDefinition = defineProtocol({
  name: 'broker',
  weakness: ({ delivery = 'exactly-once', ordered = true, topics = 'pull' }, _nodes, object) =>
    delivery === 'at-most-once'
      ? 'a message is handed out once, and never again if its reply is lost'
      : delivery === 'at-least-once'
        ? 'a message that its consumer did not confirm is handed out again'
        : ordered !== true
          ? 'a message does not wait for the one before it'
          : topics === 'push' && isEverRead(object)
            ? 'each node reads its own copy'
            : undefined,
  summary: 'queues and topics on a broker; messages arrive at most once, at least once, or exactly once',
  defaultNodes: 3,
  settings: {
    delivery: {
      summary:
        'how often a message arrives if replies are lost; with exactly-once, producers send keys and consumers get receipts',
      default: 'exactly-once',
      values: ['at-most-once', 'at-least-once', 'exactly-once'],
    },
    ordered: { summary: 'whether a message waits until the message before it is settled', default: true },
    topics: {
      summary:
        'how objects other than queues are read: at the broker (pull), or from copies that the broker pushes to all nodes (push)',
      default: 'pull',
      values: ['pull', 'push'],
    },
    'visibility-ms': {
      summary: 'time for which a delivered message is invisible to other consumers',
      default: 100,
      worthTrying: [20],
    },
    'retransmit-ms': { summary: 'how often a gateway repeats a request', default: 20 },
    'request-timeout-ms': { summary: 'how long a gateway goes on repeating a request', default: 500 },
  },
  bugs: {
    'ack-before-persist': bug('producers are told that their message is safe before it is on disk', ['kill'], {
      workload: 'queue',
    }),
    'redeliver-at-the-end': bug('a message that was not settled goes to the end of the queue', ['delay', 'pause'], {
      settings: { 'visibility-ms': 20 },
      workload: 'queue',
    }),
    'forget-producers': bug(
      'requests of producers are remembered in memory only, so after a restart a duplicate counts as a new message',
      ['kill'],
      { workload: 'queue' },
    ),
    'settle-late': bug(
      'a consumer can settle a message that became visible again and was handed to another',
      ['delay', 'pause'],
      { settings: { 'visibility-ms': 20 }, workload: 'queue' },
    ),
    'one-ack-for-all': bug('a message that one subscriber acknowledged counts as acknowledged by all', ['loss'], {
      settings: { topics: 'push' },
      workload: 'register',
    }),
    'empty-while-in-flight': bug('a queue whose messages are all handed out is reported as empty', ['delay', 'pause'], {
      workload: 'queue',
    }),
  },
  invariants: [
    /** With exactly-once delivery, a message is settled only under the receipt of its latest delivery. */
    { name: 'settled once', watch: watchState(({ twice }: BrokerState) => twice) },
  ],
  promises(object, { delivery = 'exactly-once', ordered = true, topics = 'pull' }) {
    // Changes of the same key are applied in order, but changes of different keys are not.
    if (object !== 'queue' && topics === 'push')
      return delivery === 'exactly-once' && ordered === true && BY_KEY.includes(object) ? 'eventual' : 'none'
    if (object !== 'queue') return delivery === 'at-least-once' ? 'none' : 'linearizable'
    if (delivery === 'at-most-once') return 'none'
    return delivery === 'exactly-once' && ordered === true ? 'linearizable' : 'eventual'
  },
  create: createBroker,
})
