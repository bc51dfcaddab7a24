import { type Exhibit, testedSystem } from './exhibit.ts'
import { runArgs } from './run-args.ts'

const nats = testedSystem('server', 'NATS JetStream', '2.9.10', 'nats')

const natsReads = (direct: string): readonly string[] =>
  runArgs({
    target: 'nats',
    workload: 'register',
    settings: [`direct=${direct}`],
    faults: 'followers-cut-off.json',
    more: ['--workload-set', 'cas=0', '--rate', '300'],
    seconds: 11,
  })

const natsUpdates = (clients: number): readonly string[] =>
  runArgs({
    target: 'nats',
    workload: 'register',
    settings: ['direct=off'],
    faults: 'none',
    more: [
      ...['--workload-set', 'cas=0.9', '--workload-set', 'reads=0.5'],
      ...['--keys', '2', '--clients', String(clients), '--rate', '1000'],
    ],
    seconds: 8,
  })

/** A run with power losses. A replica restores lost data from replicas that still have it. */
const natsPower = (faults: string, seconds: number): readonly string[] =>
  runArgs({ target: 'nats', workload: 'stream', faults, more: ['--rate', '100'], seconds, expect: 'faithful' })

/** A run that mostly enqueues, so that messages can be lost. */
const rabbitMessages = (settings: readonly string[]): readonly string[] =>
  runArgs({
    ...{ target: 'rabbitmq', workload: 'queue', settings, faults: 'broker-killed.json' },
    more: ['--nodes', '1', '--workload-set', 'dequeues=0.3', '--rate', '200'],
    seconds: 3,
    expect: 'eventual',
  })

export const brokerExhibits: readonly Exhibit[] = [
  {
    name: 'nats-direct-get',
    ...nats,
    weakness: 'a replica that is cut off answers direct gets, the default of buckets, with old values',
    source: 'https://docs.nats.io/nats-concepts/jetstream/streams#direct-get',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: natsReads('on'),
    cure: { says: 'allow_direct off: the leader of the stream answers', args: natsReads('off') },
  },
  {
    name: 'nats-two-updates',
    ...nats,
    weakness: 'two updates of a key that expect the same revision both succeed: one of them is lost',
    source: 'https://github.com/nats-io/nats-server/issues/4320',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: natsUpdates(30),
    cure: { says: 'no concurrent updates: a single client makes all of them', args: natsUpdates(1) },
  },
  {
    name: 'nats-power-loss',
    ...nats,
    weakness: 'a message is acknowledged long before it is fsynced: a power loss of all replicas loses it',
    source: 'https://jepsen.io/analyses/nats-2.12.1',
    program: 'gallery/servers',
    mounts: true,
    breaks: 'faithful',
    args: natsPower('all-power-cut.json', 8),
    cure: {
      says: 'replicas that lose power one after another: each gets what it lost from the others',
      args: natsPower('each-power-cut.json', 25),
    },
  },
  {
    name: 'rabbitmq-transient',
    ...testedSystem('server', 'RabbitMQ', '3.10.8', 'rabbitmq'),
    weakness:
      'a classic queue confirms transient messages once they are in memory, and a broker that crashes loses them',
    source: 'https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed',
    program: 'gallery/servers',
    breaks: 'eventual',
    args: rabbitMessages(['queue=classic', 'persistent=false']),
    cure: {
      says: 'a quorum queue, which confirms a message once a majority of its brokers has it on disk',
      args: rabbitMessages(['queue=quorum']),
    },
  },
]
