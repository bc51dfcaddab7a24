import { usageError } from '@chaosproxy/history'
import type { FaultSupport, PromiseQuestion, Target } from '@chaosproxy/runner'
import {
  etcdClients,
  etcdErrors,
  goFaultSupport,
  missingPrograms,
  type NodesDeclaration,
  ofReads,
  targetWithClients,
  wholeObjects,
} from '@chaosproxy/targets/database'
import { choice, numberOf, type Setting } from '@chaosproxy/workloads'

const HELD_WHOLE: readonly string[] = wholeObjects.map(({ name }) => name)

const own: readonly Setting[] = [
  choice(
    'reads',
    ['linearizable', 'serializable'],
    'how a member answers reads; serializable: from its own data, which may be stale',
  ),
  choice(
    'update',
    ['txn', 'lock'],
    'how a client updates counters and other values that it must read first: in a transaction that is retried on conflict, or under a lock',
  ),
  {
    name: 'fencing',
    summary: "whether changes under a lock, and its release, compare the lock's create_revision",
    default: false,
  },
  { name: 'ttl', summary: 'seconds until a lock without keep-alives expires', default: 10, min: 2, max: 600 },
  choice(
    'keep-alives',
    ['granting', 'following'],
    'members that get the keep-alives of a lock: the one that granted it, or only those that were followers at that time',
  ),
  { name: 'heartbeat', summary: 'milliseconds between heartbeats of the leader', default: 100, min: 10, max: 10_000 },
  {
    name: 'election',
    summary: 'milliseconds without a heartbeat until a member stands for election',
    default: 1000,
    min: 50,
    max: 50_000,
  },
  {
    name: 'pre-vote',
    summary: 'whether a member asks others if it could win an election before it starts one',
    default: true,
  },
  {
    name: 'snapshot-count',
    summary: 'number of entries applied between snapshots; a member that lags by 5,000 more gets a snapshot',
    default: 100_000,
    min: 1,
    max: 10_000_000,
  },
]

const declaration: NodesDeclaration = {
  name: 'etcd',
  summary: 'etcd, over its JSON gateway',
  nodes: 3,
  command: [
    ...['etcd', '--name', '{node}', '--data-dir', '{data}/etcd'],
    ...['--listen-client-urls', 'http://{listen.client}', '--advertise-client-urls', 'http://{announced.client}'],
    ...['--listen-peer-urls', 'http://{listen.peer}', '--initial-advertise-peer-urls', 'http://{announced.peer}'],
    ...['--initial-cluster', '{list.cluster}', '--initial-cluster-state', 'new'],
    ...['--heartbeat-interval', '{set.heartbeat}', '--election-timeout', '{set.election}'],
    ...['--pre-vote={set.pre-vote}', '--snapshot-count', '{set.snapshot-count}'],
    // Members send progress notifications to idle watches.
    ...['--experimental-watch-progress-notify-interval', '1s'],
    ...['--logger', 'zap', '--log-outputs', 'stderr'],
  ],
  ports: [
    { name: 'client', announced: true },
    { name: 'peer', announced: true },
  ],
  lists: { cluster: { of: 'nodes', each: '{name}=http://{announced.peer}' } },
  role: {
    ...{ by: 'http', path: '/debug/vars', leads: '"raftState":"StateLeader"' },
    term: '"raft.status":.*?"term":(\\d+)',
    applied: '"raft.status":.*?"applied":(\\d+)',
  },
}

const base = targetWithClients(declaration, {
  where: 'etcd',
  own,
  clients: etcdClients,
  machine: goFaultSupport('etcd'),
  below: 'layer',
})

/** A cluster of the etcd that is installed on this machine. Faults can act on every member and link. */
export const etcd: Target = {
  ...base,
  // The object `store` replaces the object `transactions`. It uses etcd's command `txn`, which writes several keys at
  // one revision.
  objects: ['register', 'counter', 'set', 'lists', 'lock', 'store', ...HELD_WHOLE],
  promises: promised,
  weakness({ object, settings: { reads, data }, faults }) {
    const lag =
      reads === 'serializable' ? ofReads(object, 'serializable reads are answered by any member, which may lag') : ''
    const isForgetful = data === 'wiped' && faults.includes('kill')
    return lag || (isForgetful ? 'a member that is killed loses its data, and may vote twice' : undefined)
  },
  errors: etcdErrors,
  supports: (kind, ...more) => (kind === 'edit-request' ? EDITED : base.supports(kind, ...more)),
  missing: async () => missingPrograms([{ program: 'etcd', install: 'apt-get install etcd-server', oldest: '3.4' }]),
  validate(settings) {
    const heartbeat = numberOf(settings, 'heartbeat')
    const election = numberOf(settings, 'election')
    if (election < 5 * heartbeat)
      throw usageError(
        `etcd: etcd refuses election=${election}, which is less than five times heartbeat=${heartbeat}. Give an election of ${5 * heartbeat} or more.`,
      )
  },
}

const EDITED: FaultSupport = {
  not: 'clients record the requests that they send, but etcd executes the requests that a fault has edited',
  instead: ['lose-request', 'error-status'],
}

/**
 * Returns the consistency level that etcd's documentation promises on its page about API guarantees. All operations are
 * linearizable except serializable reads, which may return the state of any member. A lock depends on its holder's
 * clock.
 */
function promised({ workload, object, settings, faults }: PromiseQuestion): string {
  // Watches do not depend on serializable reads.
  if (workload === 'watch') return 'faithful'
  // A member that has lost its data may vote twice in one term.
  if (settings['data'] === 'wiped' && faults.includes('kill')) return 'nothing'
  const isLocked =
    workload === 'lock' ||
    (settings['update'] === 'lock' && (UPDATED.includes(workload) || HELD_WHOLE.includes(object)))
  const isGuarded = workload !== 'lock' && settings['fencing'] === true
  // Some faults keep the holder of a lock from renewing it in time. To be safe, any fault is assumed to do this.
  if (isLocked && !isGuarded && faults.length > 0) return 'nothing'
  return settings['reads'] === 'serializable' && workload !== 'lock' ? 'eventual' : 'linearizable'
}

/** Workloads that read a value, change it, and write it. */
const UPDATED: readonly string[] = ['counter', 'append', 'list-append']
