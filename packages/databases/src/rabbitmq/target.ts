import { millis } from '@chaosproxy/history'
import type { PromiseQuestion, Target, WeaknessQuestion } from '@chaosproxy/runner'
import { missingPrograms, type NodesDeclaration, targetWithClients } from '@chaosproxy/targets/database'
import { choice, type Setting } from '@chaosproxy/workloads'
import { joinedClauses } from '../joined-clauses.ts'
import { rabbitmqClients } from './client/clients.ts'
import { rabbitmqErrors } from './client/outcomes.ts'

/**
 * Brokers look up addresses by this module, which returns addresses of the proxy. Erlang's own daemon for this would
 * continue to run after the brokers have ended. https://www.erlang.org/doc/apps/erts/alt_disco.html
 *
 * `LINK_NODE` and `LINK_PORT` are the node's own name and port. `LINK_PEERS` has the form `n2=127.0.0.1:4711,n3=…`.
 */
const EPMD: readonly string[] = `
-module(chaos_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3,
         listen_port_please/2, address_please/3, names/0, names/1]).

start_link() -> ignore.

register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_Name, _Port, _Family) -> {ok, erlang:system_time(second) band 16#FFFFFFFF}.

listen_port_please(Name, _Host) ->
    case text(Name) =:= os:getenv("LINK_NODE") of
        true -> {ok, list_to_integer(os:getenv("LINK_PORT"))};
        false -> {ok, 0}
    end.

port_please(Name, Host) -> port_please(Name, Host, infinity).
port_please(Name, _Host, _Timeout) ->
    case peer(Name) of
        {_Ip, Port} -> {port, Port, 5};
        none -> noport
    end.

address_please(Name, _Host, _Family) ->
    case peer(Name) of
        {Ip, Port} -> {ok, Ip, Port, 5};
        none -> {error, nxdomain}
    end.

names() -> {ok, []}.
names(_Host) -> {ok, []}.

peer(Name) ->
    Peers = [string:split(Peer, "=") || Peer <- string:tokens(os:getenv("LINK_PEERS", ""), ",")],
    case [Address || [Peer, Address] <- Peers, Peer =:= text(Name)] of
        [Address] ->
            [Host, Port] = string:split(Address, ":", trailing),
            {ok, Ip} = inet:parse_address(Host),
            {Ip, list_to_integer(Port)};
        [] -> none
    end.

text(Name) -> lists:flatten(io_lib:format("~s", [Name])).
`
  .trim()
  .split('\n')

const own: readonly Setting[] = [
  choice(
    'queue',
    ['quorum', 'classic'],
    'type of the queue; quorum: replicated on every broker by Raft; classic: only on the broker that created the queue',
  ),
  {
    name: 'confirms',
    summary:
      'whether an enqueue waits for the publisher confirm; if not, it waits for the reply to a method that is sent after it on the same channel',
    default: true,
  },
  {
    name: 'persistent',
    summary:
      'whether messages of classic queues are written to disk (delivery mode 2); those of quorum queues always are',
    default: true,
  },
  choice(
    'acks',
    ['manual', 'auto'],
    'when the broker forgets a message; manual: once it is acknowledged; auto: once it is sent',
  ),
]

/** The server's script without Debian's wrapper, which changes the user and the directories. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/**
 * Starts a broker. Brokers that create a cluster at the same time may wait for each other's locks forever. So the
 * others wait until the first has created its message store, which it does last.
 */
const START = `until [ "$LINK_NODE" = n1 ] || [ -e "mnesia/$RABBITMQ_NODENAME" ] || [ -e ../n1/mnesia/n1@localhost/msg_stores ]
do sleep 0.1; done
exec ${SERVER}`

const declaration: NodesDeclaration = {
  name: 'rabbitmq',
  summary: 'RabbitMQ: quorum queues, or classic ones, with publisher confirms',
  nodes: 3,
  command: ['/bin/sh', '-c', START],
  directory: '{data}',
  prepare: [['erlc', 'chaos_epmd.erl']],
  environment: {
    HOME: '{data}',
    RABBITMQ_NODENAME: '{node}@localhost',
    RABBITMQ_MNESIA_BASE: '{data}/mnesia',
    RABBITMQ_LOG_BASE: '{data}',
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: '{data}/rabbitmq.conf',
    // With these paths, the broker does not read the configuration files of the system.
    RABBITMQ_CONFIG_FILES: '{data}/conf.d',
    RABBITMQ_ADVANCED_CONFIG_FILE: '{data}/advanced.config',
    RABBITMQ_CONF_ENV_FILE: '{data}/rabbitmq-env.conf',
    RABBITMQ_ENABLED_PLUGINS_FILE: '{data}/enabled_plugins',
    RABBITMQ_DIST_PORT: '{listen-port.node}',
    // `-erl_epmd_port` tells the broker its own port, because the broker does not ask the module `chaos_epmd` for this
    // port.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+S 1:1 -erl_epmd_port {listen-port.node} -kernel inet_dist_use_interface {127,0,0,1}',
    // With this variable, the process of the start script becomes the broker, instead of starting the broker as a
    // child.
    RUNNING_UNDER_SYSTEMD: 'true',
    // These flags are for every Erlang program that the broker starts.
    ERL_FLAGS: '-pa . -epmd_module chaos_epmd -start_epmd false -setcookie chaos',
    LINK_NODE: '{node}',
    LINK_PORT: '{listen-port.node}',
    LINK_PEERS: '{list.peers}',
  },
  files: {
    'chaos_epmd.erl': EPMD,
    enabled_plugins: '[].\n',
    'rabbitmq.conf': [
      'listeners.tcp.default = {listen.client}',
      'log.console = true',
      'log.console.level = warning',
      'disk_free_limit.absolute = 1MB',
      'net_ticktime = 5',
      'cluster_partition_handling = pause_minority',
      'cluster_formation.peer_discovery_backend = classic_config',
      // Each broker knows n1 and itself. n1 creates the cluster, and the other brokers join it. In the file of n1,
      // {node} is n1, so the two lines `classic_config.nodes` below are equal.
      'cluster_formation.discovery_retry_limit = 1000',
      'cluster_formation.discovery_retry_interval = 250',
      'cluster_formation.classic_config.nodes.n1 = n1@localhost',
      'cluster_formation.classic_config.nodes.{node} = {node}@localhost',
    ],
  },
  ports: ['client', 'node'],
  lists: {
    // A broker also looks up its own port.
    peers: { of: 'nodes', each: '{name}={peer.node}' },
  },
  // A broker opens this port long before it serves clients, because it first waits for the other brokers. The proxy
  // opens its links once the port is open.
  ready: { by: 'tcp', port: 'node' },
  readyWithinMs: 180_000,
}

const base = targetWithClients(declaration, { where: 'rabbitmq', own, clients: rabbitmqClients })

/** A cluster of the RabbitMQ broker that is installed on this machine. Faults can act on every broker and link. */
export const rabbitmq: Target = {
  ...base,
  // A broker takes long to restart and rejoin.
  quietMs: millis(90_000),
  objects: ['queue'],
  // There is no setting that wipes data: a wiped broker would have to leave the cluster before it could join again.
  settings: own,
  promises: promised,
  weakness,
  errors: rabbitmqErrors,
  missing: () =>
    missingPrograms([
      { program: SERVER, install: 'apt-get install rabbitmq-server' },
      { program: 'erlc', install: 'apt-get install erlang-base' },
    ]),
}

function weakness({ settings: { queue, confirms, persistent, acks } }: WeaknessQuestion): string | undefined {
  return joinedClauses([
    queue === 'classic' ? 'a classic queue is on one broker, and unavailable while that broker is down' : '',
    queue === 'classic' && persistent === false ? 'a broker that stops forgets messages that are not persistent' : '',
    confirms === false ? 'an unconfirmed message may never be stored' : '',
    acks === 'auto'
      ? 'a message that does not arrive is forgotten'
      : 'a message whose acknowledgement does not arrive is handed out again',
  ])
}

/**
 * Returns the level that RabbitMQ's documentation promises. A confirmed message is stored until it is acknowledged. It
 * is delivered at least once, perhaps again after later messages.
 */
function promised({ settings: { queue, confirms, persistent, acks }, faults }: PromiseQuestion): string {
  if (faults.length === 0) return 'eventual'
  const isStored = confirms === true && (queue === 'quorum' || persistent === true)
  return isStored && acks === 'manual' ? 'eventual' : 'nothing'
}
