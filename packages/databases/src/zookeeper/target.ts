import { existsSync } from 'node:fs'
import { usageError } from '@chaosproxy/history'
import type { PromiseQuestion, Target, WeaknessQuestion } from '@chaosproxy/runner'
import { missingPrograms, type NodesDeclaration, targetWithClients } from '@chaosproxy/targets/database'
import { choice, numberOf, type Setting, type Settings } from '@chaosproxy/workloads'
import { zookeeperClients } from './client/clients.ts'
import { zookeeperErrors } from './client/outcomes.ts'

const own: readonly Setting[] = [
  {
    name: 'sync',
    summary:
      "whether a read is preceded by sync, which waits until the client's server has what the leader has committed",
    default: false,
  },
  {
    name: 'tick-ms',
    summary: 'length of a tick in milliseconds; the leader sends two heartbeats in each tick (tickTime)',
    default: 200,
    min: 50,
    max: 10_000,
  },
  choice(
    'update',
    ['version', 'lock'],
    'how counters are changed: by a conditional write, retried on conflict, or under a lock',
  ),
  {
    name: 'fencing',
    summary: "whether a change under a lock is made in one transaction with a check that the holder's node exists",
    default: false,
  },
  {
    name: 'ttl',
    summary: 'seconds without pings after which the session of a lock expires',
    default: 10,
    min: 1,
    max: 600,
  },
  {
    name: 'sync-limit',
    summary: 'ticks of silence after which a follower gives up its leader, or a leader gives up a follower (syncLimit)',
    default: 5,
    min: 2,
    max: 1_000,
  },
]

/** The server's library in Debian. Its manifest names the libraries that it needs. */
const JAR = '/usr/share/java/zookeeper.jar'
/** The library that the server needs for its log. */
const LOGGING = '/usr/share/java/slf4j-simple.jar'

const declaration: NodesDeclaration = {
  name: 'zookeeper',
  summary: 'ZooKeeper: registers, counters and locks in znodes, replicated on every server',
  nodes: 3,
  command: [
    ...['java', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    ...['-Djdk.net.hosts.file={data}/hosts', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
    ...['-cp', `${JAR}:${LOGGING}`, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', '{data}/zoo.cfg'],
  ],
  files: {
    myid: '{number}',
    'zoo.cfg': [
      'tickTime={set.tick-ms}',
      'initLimit=20',
      'syncLimit={set.sync-limit}',
      'dataDir={data}',
      'clientPort={listen-port.client}',
      'clientPortAddress={listen-host.client}',
      'maxClientCnxns=0',
      'maxSessionTimeout=3600000',
      'admin.enableServer=false',
      '4lw.commands.whitelist=srvr',
      'standaloneEnabled=false',
      'server.{number}={node}:{listen-port.quorum}:{listen-port.election}',
      '{list.others}',
    ],
    // A server sends the other servers its election address, with the node's name as the host. The other servers' hosts
    // files map this name to 0.0.0.0, and ZooKeeper ignores an election address of 0.0.0.0. The other servers then use
    // the election address in their configuration, which leads through the proxy.
    hosts: ['{listen-host.client} {node} localhost', '{list.nameless}'],
  },
  ports: ['client', 'quorum', 'election'],
  lists: {
    others: {
      of: 'peers',
      each: 'server.{number}={peer-host.quorum}:{peer-port.quorum}:{peer-port.election}',
      between: '\n',
    },
    nameless: { of: 'peers', each: '0.0.0.0 {name}', between: '\n' },
  },
}

const base = targetWithClients(declaration, {
  where: 'zookeeper',
  own,
  clients: zookeeperClients,
  watchRoles: async () => (await import('./roles.ts')).watchZookeeperRoles,
})

const INSTALL = 'apt-get install zookeeper'

/** A ZooKeeper ensemble from Debian's package. Faults can act on every server and link. */
export const zookeeper: Target = {
  ...base,
  // A session with one server sees changes in the order in which they were made. With sessions on two servers, a client
  // could see a change and then an earlier state, because a server may lag.
  sticky: true,
  objects: ['register', 'counter', 'lock'],
  promises: promised,
  weakness,
  errors: zookeeperErrors,
  missing: async () => [
    ...(await missingPrograms([{ program: 'java', install: 'apt-get install default-jre-headless' }])),
    ...(existsSync(JAR) ? [] : [{ program: JAR, install: INSTALL }]),
  ],
  validate(_settings, _bug, nodes) {
    if (nodes < 2) throw usageError('zookeeper: a single server has nobody to replicate to. Give --nodes 3.')
  },
}

function weakness({ object, settings: { sync, data, ...rest }, faults }: WeaknessQuestion): string {
  if (isUnguarded(object, rest)) return 'a lock is lost without notice when the session of its holder expires'
  const reads =
    sync === true
      ? `the leader answers a sync without asking its followers: a leader that was paused for ${numberOf(rest, 'tick-ms') * numberOf(rest, 'sync-limit')} ms may answer although another leader has replaced it`
      : "a read is answered by the client's own server, which may lag (sync=false)"
  return data === 'wiped' && faults.includes('kill')
    ? `${reads}; a server that is killed loses its data, and may vote twice`
    : reads
}

/**
 * Returns the level that ZooKeeper's documentation promises. Histories are sequentially consistent. With `sync` before
 * each read, they are linearizable, unless a replaced leader still replies.
 */
function promised({ object, settings, faults }: PromiseQuestion): string {
  const { data, sync } = settings
  if (data === 'wiped' && faults.includes('kill')) return 'nothing'
  // Any fault may keep a holder from renewing its session.
  if (isUnguarded(object, settings) && faults.length > 0) return 'nothing'
  if (object === 'lock') return 'linearizable'
  if (sync === true && !faults.some((kind) => STOPS_TIME.includes(kind))) return 'linearizable'
  return object === 'counter' ? 'eventual' : 'sequential'
}

/** Whether a client may make changes after it lost its lock without notice. */
const isUnguarded = (object: string, { update, fencing }: Settings): boolean =>
  object === 'lock' || (object === 'counter' && update === 'lock' && fencing !== true)

/** Faults after which a leader may believe that no time has passed. */
const STOPS_TIME: readonly string[] = ['pause', 'clock', 'slow-fsync', 'freeze-disk']
