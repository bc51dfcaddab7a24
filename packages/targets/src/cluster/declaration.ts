import type { Level } from '@chaosproxy/checker'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import type { ClientDeclaration } from '../client-kinds/registry.ts'
import type { NodeReadiness } from '../command/readiness.ts'
import type { CommandText } from '../command/words.ts'
import type { RemoteProxiesDeclaration } from '../remote/declaration.ts'

// An external cluster as data, in a JSON file or in a program. Chaos starts the nodes by commands, or the cluster is
// already running, or a container engine runs it.

/** When a node counts as ready. `port` is by default the node's first port. */
export type ReadyDeclaration = NodeReadiness<string, CommandText>

/** How to find out which node leads. Nodes are asked repeatedly, and not through the proxy. */
export type RoleDeclaration = {
  /** A regular expression that matches the answer of a leader. */
  readonly leads: string
  /** A regular expression whose first group is the term or epoch. Of two leaders, the higher term counts. */
  readonly term?: string | undefined
  /** A regular expression whose first group is the number of log entries that the node has applied. */
  readonly applied?: string | undefined
  readonly everyMs?: number | undefined
} & (
  | { readonly by: 'http'; readonly port?: string | undefined; readonly path: string }
  | { readonly by: 'command'; readonly command: CommandText }
)

export type PortDeclaration =
  | string
  | {
      readonly name: string
      /** The framing of messages on this port: `json-lines`, `resp`, … Faults of messages need a framing. */
      readonly carries?: unknown
      /**
       * Whether the node tells other nodes or clients the address at which they reach this port. For the port NAME, the
       * placeholder `{announced.NAME}` is this address. Linux only.
       */
      readonly announced?: boolean | undefined
    }

/**
 * Declares a placeholder. Its text joins one copy of the template `each` for every node or peer, and may differ between
 * nodes.
 */
export interface ListDeclaration {
  /** All nodes, or all except the one that gets the list. */
  readonly of: 'nodes' | 'peers'
  /**
   * The text for one node. `{name}` is its name; `{peer}`, `{peer.PORT}`, `{announced.PORT}` and `{value.NAME}` are its
   * addresses and values.
   */
  readonly each: string
  /** The separator; by default a comma. */
  readonly between?: string | undefined
}

/** A setting that `--set` changes: `{set.NAME}` in commands. */
interface SettingDeclaration {
  readonly default: string | number | boolean
  readonly values?: readonly (string | number | boolean)[] | undefined
  readonly summary?: string | undefined
}

export interface CommonDeclaration {
  readonly name?: string | undefined
  readonly summary?: string | undefined
  readonly client: ClientDeclaration
  readonly role?: RoleDeclaration | undefined
  /** The consistency level that the cluster promises, and that a run checks by default. */
  readonly promises?: Level | undefined
  /** Commands that run once, before the first client: they join nodes, or delete data, for example. */
  readonly before?: readonly CommandText[] | undefined
  readonly faults?: { readonly failover?: FailoverCommands | undefined } | undefined
}

/** Settings of a single node, which override the cluster's. */
interface NodeParts {
  readonly command?: CommandText | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
  /** The working directory. */
  readonly directory?: string | undefined
  /** The user that runs the node, if chaos runs as root. */
  readonly user?: string | undefined
  /**
   * Files to write before the first start, and after a wipe. Keys are paths. A value is the text of a file, or its
   * lines.
   */
  readonly files?: { readonly [path: string]: string | readonly string[] } | undefined
  /** Commands that prepare the node's data directory before its first start. */
  readonly prepare?: readonly CommandText[] | undefined
  /** Commands that clean up outside the data directory after the node's final stop, even if chaos is killed. */
  readonly after?: readonly CommandText[] | undefined
  readonly ready?: ReadyDeclaration | undefined
  /** `{value.NAME}` in commands. */
  readonly values?: { readonly [name: string]: string | number } | undefined
}

export interface StartedDeclaration extends CommonDeclaration, NodeParts {
  /**
   * The default number of nodes, or a list with the settings of each node, which fixes the number. Nodes are called n1,
   * n2, …
   */
  readonly nodes: number | readonly NodeParts[]
  /**
   * The ports of every node; by default `["client"]`. Clients dial the first port. Nodes dial the other ports, or the
   * first port if it is the only one.
   */
  readonly ports?: readonly PortDeclaration[] | undefined
  /** Whether each node has its own address, 127.x.y.z, instead of 127.0.0.1. Linux only. */
  readonly ownAddresses?: boolean | undefined
  /**
   * Whether nodes with their own addresses also dial from them. The proxy then need not look up the process behind each
   * connection.
   */
  readonly ownSources?: boolean | undefined
  readonly lists?: { readonly [name: string]: ListDeclaration } | undefined
  readonly settings?: { readonly [name: string]: SettingDeclaration } | undefined
  /** Whether all nodes start together (the default), or each once the previous one is ready. */
  readonly start?: 'together' | 'in-order' | undefined
  /** Whether a killed node keeps its data until it restarts; by default `kept`. */
  readonly data?: 'kept' | 'wiped' | undefined
  /** The time within which a node must become ready; by default 30 s. */
  readonly readyWithinMs?: number | undefined
}

export type NodesDeclaration = Omit<StartedDeclaration, 'client'>

/** Commands that hand over leadership, run for the node that gives it up: `redis-cli … SENTINEL FAILOVER mymaster`. */
export interface FailoverCommands {
  readonly do: CommandText
  /** The command to run when the fault ends; by default none. */
  readonly undo?: CommandText | undefined
  /** The time limit of each command; by default 30 s. */
  readonly withinMs?: number | undefined
}

/** The commands that inject and heal a fault: `docker kill {value.container}` and `docker start {value.container}`. */
interface FaultCommands extends FailoverCommands {
  readonly undo: CommandText
}

/** A connection between nodes through the proxy: one node dials `listen` instead of the other node. */
interface RunningLink {
  readonly from: NodeId
  readonly to: NodeId
  readonly listen: string
  readonly reach: string
  /** See `PortDeclaration`. */
  readonly carries?: unknown
}

export interface RunningDeclaration extends CommonDeclaration {
  readonly nodes: readonly {
    /** The address of each port, by name: `{"client":"10.0.0.1:6379"}`. */
    readonly addresses: { readonly [port: string]: string }
    readonly values?: { readonly [name: string]: string | number } | undefined
  }[]
  readonly links?: readonly RunningLink[] | undefined
  /** Proxies on other hosts that carry links between nodes, controlled by this run. */
  readonly proxies?: readonly RemoteProxiesDeclaration[] | undefined
  /** Pairs of nodes that never connect, and so need no link. */
  readonly apart?: readonly (readonly [NodeId, NodeId])[] | undefined
  readonly faults?:
    | {
        readonly kill?: FaultCommands | undefined
        readonly pause?: FaultCommands | undefined
        readonly failover?: FailoverCommands | undefined
      }
    | undefined
  /** When a node counts as ready. `log` is excluded, because the node's output is elsewhere. */
  readonly ready?: Exclude<ReadyDeclaration, { readonly by: 'log' }> | undefined
  readonly readyWithinMs?: number | undefined
}

/** A cluster of containers that an engine runs: a Compose project, or containers by name or label. */
export interface ContainersDeclaration extends CommonDeclaration {
  /** The path of the Compose file, relative to the declaration, or the name of a running project. */
  readonly compose?: string | { readonly project: string } | undefined
  /** Containers by name, or by label (`app=shop`), instead of a Compose project. */
  readonly containers?: readonly string[] | undefined
  /**
   * The services that are nodes, in order; by default all `containers`. Each container of a scaled service is a node.
   * Other containers, such as a cache, are not nodes but still have links.
   */
  readonly nodes?: readonly string[] | undefined
  /** The port that clients dial; by default the only published port, or the image's usual port. */
  readonly port?: number | undefined
  /**
   * A service that clients dial instead of the nodes, such as a load balancer. By default, `port` is its only published
   * port, or its only listening port.
   */
  readonly through?: { readonly service: string; readonly port?: number | undefined } | undefined
  /**
   * A directory that is a separate disk in every node, which faults can fill. It is in memory, with 64 megabytes by
   * default. Requires a Compose file whose project is not running, because an override is written for the file.
   */
  readonly disk?: { readonly path: string; readonly megabytes?: number | undefined } | undefined
  /**
   * Whether every node gets its own clock by libfaketime, which faults can move. Requires programs that ask glibc for
   * the time. Also requires a Compose file whose project is not running, because an override is written for the file.
   */
  readonly clocks?: boolean | undefined
  /** When a node counts as ready; by default once its port accepts connections and any health check passes. */
  readonly ready?: Exclude<ReadyDeclaration, { readonly by: 'log' }> | undefined
  readonly readyWithinMs?: number | undefined
}

/** A user's cluster: nodes that chaos starts, nodes that are already running, or containers. */
export type ClusterDeclaration = StartedDeclaration | RunningDeclaration | ContainersDeclaration

export const isRunning = (declaration: StartedDeclaration | RunningDeclaration): declaration is RunningDeclaration =>
  Array.isArray(declaration.nodes) && declaration.nodes.some((node: object) => 'addresses' in node)

export const hasContainers = (declaration: object): declaration is ContainersDeclaration =>
  'compose' in declaration || 'containers' in declaration

export const nodeCount = ({ nodes }: Pick<StartedDeclaration | RunningDeclaration, 'nodes'>): number =>
  typeof nodes === 'number' ? nodes : nodes.length

export const nodeIds = (declaration: RunningDeclaration): NodeId[] => nodeNames(nodeCount(declaration))
