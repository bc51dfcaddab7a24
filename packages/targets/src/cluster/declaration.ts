import type { Level } from '@chaosproxy/checker'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import type { ClientDeclaration } from '../clients/declaration.ts'

// A cluster that is not ours, as data: JSON in a file, or a value in a program. Two kinds: one that is started here, each
// node a command (`StartedDeclaration`), and one that somebody else has started (`RunningDeclaration`).

/** A command line, split at spaces outside quotes, or its words. No shell is involved. */
export type CommandText = string | readonly string[]

/** When a node can serve. `port` names one of its ports; the first unless given. */
export type ReadyDeclaration =
  /** It accepts connections. */
  | { readonly by: 'tcp'; readonly port?: string | undefined }
  /** It answers a GET with this status, or with any from 200 to 299. */
  | {
      readonly by: 'http'
      readonly port?: string | undefined
      readonly path: string
      readonly status?: number | undefined
    }
  /** It prints a line that this regular expression matches. */
  | { readonly by: 'log'; readonly pattern: string }
  /** This command exits with 0. */
  | { readonly by: 'command'; readonly command: CommandText }

/** How to tell which node leads, asked again and again: of the node itself, not through the proxy. */
export type RoleDeclaration = {
  /** A regular expression for the answer of a node that leads. */
  readonly leads: string
  /** A regular expression whose first group is the term or epoch in the answer: of two leaders the later counts. */
  readonly term?: string | undefined
  readonly everyMs?: number | undefined
} & (
  | { readonly by: 'http'; readonly port?: string | undefined; readonly path: string }
  /** What it prints is the answer. */
  | { readonly by: 'command'; readonly command: CommandText }
)

/** A port that nodes have: its name, or more about it. */
export type PortDeclaration =
  | string
  | {
      readonly name: string
      /** How nodes tell messages apart on it: message faults need to know. `json-lines`, `resp`, … */
      readonly carries?: unknown
      /** Whether nodes tell others one address of it, which is `{announced.NAME}`. Linux only. */
      readonly announced?: boolean | undefined
    }

/** A text that differs by node: each part filled in with `{name}` and what else the node has, and joined. */
export interface ListDeclaration {
  /** All nodes, or all but the one whose list it is. */
  readonly of: 'nodes' | 'peers'
  /** `{name}` is the node's name; `{peer}`, `{peer.PORT}`, `{announced.PORT}` and `{value.NAME}` are its own. */
  readonly each: string
  /** Between two; a comma unless given. */
  readonly between?: string | undefined
}

/** Something that `--set` can change: `{set.NAME}` in commands. */
export interface SettingDeclaration {
  readonly default: string | number | boolean
  readonly values?: readonly (string | number | boolean)[] | undefined
  readonly summary?: string | undefined
}

interface CommonDeclaration {
  /** What runs and reports call it. */
  readonly name?: string | undefined
  readonly summary?: string | undefined
  /** How operations reach a node: which client speaks to it. It dials the first port. */
  readonly client: ClientDeclaration
  readonly role?: RoleDeclaration | undefined
  /** The level it promises: what runs hold it to unless they say otherwise. */
  readonly promises?: Level | undefined
  /** Commands run once, after the nodes are ready and before the first client: to join nodes, or to empty a database. */
  readonly before?: readonly CommandText[] | undefined
  /** What commands of the system's own can do to its nodes. */
  readonly faults?: { readonly failover?: FailoverCommands | undefined } | undefined
}

/** What may differ from node to node; each of these goes before what the cluster says. */
interface NodeParts {
  readonly command?: CommandText | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
  /** Working directory. */
  readonly directory?: string | undefined
  /** Whom to run it as, where chaos runs as root. */
  readonly user?: string | undefined
  /** Files to write before each start: their text, or their lines. */
  readonly files?: { readonly [path: string]: string | readonly string[] } | undefined
  /** Commands that make its data directory ready, run before its first start. */
  readonly prepare?: readonly CommandText[] | undefined
  /** Commands run once it has ended for good, also if chaos was killed: for what it leaves outside its data directory. */
  readonly after?: readonly CommandText[] | undefined
  readonly ready?: ReadyDeclaration | undefined
  /** `{value.NAME}` in commands. */
  readonly values?: { readonly [name: string]: string | number } | undefined
}

export interface StartedDeclaration extends CommonDeclaration, NodeParts {
  /** How many by default, or each one with what differs from the rest. They are called n1, n2, … */
  readonly nodes: number | readonly NodeParts[]
  /** Clients dial the first, nodes the second (the first if it is the only one) and any others. `["client"]` unless given. */
  readonly ports?: readonly PortDeclaration[] | undefined
  /** Whether each node has an address of its own, 127.x.y.z, instead of 127.0.0.1. Linux only. */
  readonly ownAddresses?: boolean | undefined
  /** Whether nodes dial from their own addresses, too, so that the proxy needs not look up whose process it was. */
  readonly ownSources?: boolean | undefined
  readonly lists?: { readonly [name: string]: ListDeclaration } | undefined
  readonly settings?: { readonly [name: string]: SettingDeclaration } | undefined
  /** Whether nodes start one after another, each once the one before is ready; together unless given. */
  readonly start?: 'together' | 'in-order' | undefined
  /** What a node finds when it is started again after a kill; its data unless given. */
  readonly data?: 'kept' | 'wiped' | undefined
  /** How long a node may take until it is ready; 30 s. */
  readonly readyWithinMs?: number | undefined
}

/** The nodes alone: what asks them is code. */
export type NodesDeclaration = Omit<StartedDeclaration, 'client'>

/** A fault done and undone by commands, `docker kill {value.container}` and `docker start {value.container}`. */
export interface FaultCommands {
  readonly do: CommandText
  readonly undo: CommandText
  /** How long each may take; 30 s. */
  readonly withinMs?: number | undefined
}

/** A command that hands leadership over, run for the node that is to fail over: `redis-cli … SENTINEL FAILOVER mymaster`. */
export interface FailoverCommands {
  readonly do: CommandText
  /** What is done when the fault ends; by default nothing. */
  readonly undo?: CommandText | undefined
  /** How long each may take; 30 s. */
  readonly withinMs?: number | undefined
}

/** What nodes are configured to dial in place of each other: a connection between nodes that leads through the proxy. */
export interface RunningLink {
  readonly from: NodeId
  readonly to: NodeId
  /** Where the proxy listens: `127.0.0.1:9012`. */
  readonly listen: string
  /** Where it leads. */
  readonly reach: string
  /** See `PortDeclaration`. */
  readonly carries?: unknown
}

export interface RunningDeclaration extends CommonDeclaration {
  readonly nodes: readonly {
    /** Where its ports are, by their names: `{"client":"10.0.0.1:6379"}`. */
    readonly addresses: { readonly [port: string]: string }
    readonly values?: { readonly [name: string]: string | number } | undefined
  }[]
  readonly links?: readonly RunningLink[] | undefined
  /** Pairs of nodes that never talk to each other, so that no link joins them. */
  readonly apart?: readonly (readonly [NodeId, NodeId])[] | undefined
  /** What can be done to a node's process. */
  readonly faults?:
    | {
        readonly kill?: FaultCommands | undefined
        readonly pause?: FaultCommands | undefined
        readonly failover?: FailoverCommands | undefined
      }
    | undefined
  /** When a node counts as ready; `log` cannot be known of it. */
  readonly ready?: Exclude<ReadyDeclaration, { readonly by: 'log' }> | undefined
  readonly readyWithinMs?: number | undefined
}

export type ClusterDeclaration = StartedDeclaration | RunningDeclaration

export const isRunning = (declaration: ClusterDeclaration): declaration is RunningDeclaration =>
  Array.isArray(declaration.nodes) && declaration.nodes.some((node: object) => 'addresses' in node)

export const nodeCount = ({ nodes }: Pick<ClusterDeclaration, 'nodes'>): number =>
  typeof nodes === 'number' ? nodes : nodes.length

export const nodeIds = (declaration: ClusterDeclaration): NodeId[] => nodeNames(nodeCount(declaration))
