import type { Level } from '@chaosproxy/checker'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import type { ClientDeclaration } from '../client-kinds/registry.ts'
import type { CommandText } from '../command/words.ts'
import type { RemoteProxiesDeclaration } from '../remote/declaration.ts'

// An external cluster as data: JSON in a file, or a value in a program. This program starts each node by a command
// (`StartedDeclaration`), or the cluster is already running (`RunningDeclaration`), or a container engine runs it
// (`ContainersDeclaration`).

/** When a node counts as ready. `port` names one of the node's ports; by default the first port. */
export type ReadyDeclaration =
  /** The node accepts connections. */
  | { readonly by: 'tcp'; readonly port?: string | undefined }
  /** The node answers a GET with this status; by default with any status from 200 to 299. */
  | {
      readonly by: 'http'
      readonly port?: string | undefined
      readonly path: string
      readonly status?: number | undefined
    }
  /** The node prints a line that this regular expression matches. */
  | { readonly by: 'log'; readonly pattern: string }
  /** The command exits with code 0. */
  | { readonly by: 'command'; readonly command: CommandText }

/** How to find out which node leads. Each node is asked repeatedly and directly, not through the proxy. */
export type RoleDeclaration = {
  /** A regular expression that matches the answer of a leader. */
  readonly leads: string
  /**
   * A regular expression whose first group is the term or epoch in the answer. Of two leaders, the node with the higher
   * term counts.
   */
  readonly term?: string | undefined
  /**
   * A regular expression whose first group is the number of log entries that the node has applied. Nodes with fewer
   * entries lag behind.
   */
  readonly applied?: string | undefined
  readonly everyMs?: number | undefined
} & (
  | { readonly by: 'http'; readonly port?: string | undefined; readonly path: string }
  /** The answer is the command's output. */
  | { readonly by: 'command'; readonly command: CommandText }
)

/** A port of every node: a name, or a description. */
export type PortDeclaration =
  | string
  | {
      readonly name: string
      /** The framing of messages between nodes on this port (`json-lines`, `resp`, …), which message faults need. */
      readonly carries?: unknown
      /** Whether nodes announce an address of this port to other nodes or clients: `{announced.NAME}`. Linux only. */
      readonly announced?: boolean | undefined
    }

/**
 * A text that contains `each` once for every node or peer, filled in for that node. The text may differ between nodes.
 */
export interface ListDeclaration {
  /** The nodes in the list: all nodes, or all nodes except the one that gets the list. */
  readonly of: 'nodes' | 'peers'
  /**
   * The text for one node of the list. `{name}` is that node's name. `{peer}`, `{peer.PORT}`, `{announced.PORT}` and
   * `{value.NAME}` are that node's addresses and values.
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
  /** The client that sends operations to nodes. The client dials the first port. */
  readonly client: ClientDeclaration
  readonly role?: RoleDeclaration | undefined
  /** The consistency level that the cluster promises. A run checks this level by default. */
  readonly promises?: Level | undefined
  /**
   * Commands that run once, after the nodes are ready and before the first client. For example, such commands join
   * nodes, or delete the data of a database.
   */
  readonly before?: readonly CommandText[] | undefined
  /** Faults that the system's own commands can inject. */
  readonly faults?: { readonly failover?: FailoverCommands | undefined } | undefined
}

/** Settings that may differ between nodes. A node's own value overrides the cluster's. */
interface NodeParts {
  readonly command?: CommandText | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
  /** The working directory. */
  readonly directory?: string | undefined
  /** The user that runs the node, if chaos runs as root. */
  readonly user?: string | undefined
  /** Files to write before each start, by path. Each value is the file's text, or a list of its lines. */
  readonly files?: { readonly [path: string]: string | readonly string[] } | undefined
  /** Commands that prepare the node's data directory before its first start. */
  readonly prepare?: readonly CommandText[] | undefined
  /**
   * Commands that clean up outside the data directory after the final stop of the node. They run even if chaos is
   * killed.
   */
  readonly after?: readonly CommandText[] | undefined
  readonly ready?: ReadyDeclaration | undefined
  /** `{value.NAME}` in commands. */
  readonly values?: { readonly [name: string]: string | number } | undefined
}

export interface StartedDeclaration extends CommonDeclaration, NodeParts {
  /** The default number of nodes, or each node's own settings, which fix the number. Nodes are called n1, n2, … */
  readonly nodes: number | readonly NodeParts[]
  /**
   * The ports of every node. Clients dial the first port. Nodes dial the second port and all later ones, or the only
   * port. By default `["client"]`.
   */
  readonly ports?: readonly PortDeclaration[] | undefined
  /** Whether each node has its own address, 127.x.y.z, instead of 127.0.0.1. Linux only. */
  readonly ownAddresses?: boolean | undefined
  /**
   * Whether nodes with their own addresses also dial from these addresses. The proxy then need not look up the process
   * behind each connection.
   */
  readonly ownSources?: boolean | undefined
  readonly lists?: { readonly [name: string]: ListDeclaration } | undefined
  readonly settings?: { readonly [name: string]: SettingDeclaration } | undefined
  /** Whether all nodes start together (the default), or each node starts once the previous one is ready. */
  readonly start?: 'together' | 'in-order' | undefined
  /** Whether a node still has its data when it restarts after a kill; by default `kept`. */
  readonly data?: 'kept' | 'wiped' | undefined
  /** The time within which a node must become ready; by default 30 s. */
  readonly readyWithinMs?: number | undefined
}

export type NodesDeclaration = Omit<StartedDeclaration, 'client'>

/** The commands that inject and heal a fault: `docker kill {value.container}` and `docker start {value.container}`. */
export interface FaultCommands {
  readonly do: CommandText
  readonly undo: CommandText
  /** The time limit of each command; by default 30 s. */
  readonly withinMs?: number | undefined
}

/**
 * A command that hands over leadership. It runs for the node that gives up leadership: `redis-cli … SENTINEL FAILOVER
 * mymaster`.
 */
export interface FailoverCommands {
  readonly do: CommandText
  /** The command to run when the fault ends; by default none. */
  readonly undo?: CommandText | undefined
  /** The time limit of each command; by default 30 s. */
  readonly withinMs?: number | undefined
}

/** A connection between nodes through the proxy: one node is configured to dial `listen` instead of the other node. */
interface RunningLink {
  readonly from: NodeId
  readonly to: NodeId
  /** Where the proxy listens: `127.0.0.1:9012`. */
  readonly listen: string
  /** The address that the proxy forwards to. */
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
  /** Proxies on other hosts that carry links between nodes. This run controls these proxies. */
  readonly proxies?: readonly RemoteProxiesDeclaration[] | undefined
  /** Pairs of nodes that never connect to each other, and so need no link. */
  readonly apart?: readonly (readonly [NodeId, NodeId])[] | undefined
  /** Commands that inject faults into the node's process. */
  readonly faults?:
    | {
        readonly kill?: FaultCommands | undefined
        readonly pause?: FaultCommands | undefined
        readonly failover?: FailoverCommands | undefined
      }
    | undefined
  /** When a node counts as ready. `log` is excluded, because the node's output is not available to this program. */
  readonly ready?: Exclude<ReadyDeclaration, { readonly by: 'log' }> | undefined
  readonly readyWithinMs?: number | undefined
}

/** A cluster of containers that an engine runs: a Compose project, or containers by name or label. */
export interface ContainersDeclaration extends CommonDeclaration {
  /** The path of the Compose file, relative to the declaration. Alternatively, the name of a running project. */
  readonly compose?: string | { readonly project: string } | undefined
  /** Containers by name, or by label (`app=shop`), instead of a Compose project. */
  readonly containers?: readonly string[] | undefined
  /**
   * The services that are nodes, in order. Each container of a scaled service is a node. By default, all containers
   * named by `containers` are nodes. Other containers, such as a database or a cache, keep their links but are not
   * nodes.
   */
  readonly nodes?: readonly string[] | undefined
  /** The port that clients dial; by default the only published port, or the usual port of the image. */
  readonly port?: number | undefined
  /**
   * A service that clients dial instead of the nodes, such as a load balancer. By default, `port` is the service's only
   * published port, or the only port on which the service listens.
   */
  readonly through?: { readonly service: string; readonly port?: number | undefined } | undefined
  /**
   * A directory that is a separate disk in every node, which faults can fill. The disk is in memory, and has 64
   * megabytes by default. Requires a Compose file whose project is not running, because an override is written for the
   * file.
   */
  readonly disk?: { readonly path: string; readonly megabytes?: number | undefined } | undefined
  /**
   * Whether every node gets its own clock by libfaketime. Faults can move these clocks. Requires a Compose file whose
   * project is not running, because an override is written for the file. Also requires programs that ask glibc for the
   * time.
   */
  readonly clocks?: boolean | undefined
  /** When a node counts as ready; by default once its port accepts connections and its health check, if any, passes. */
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
