import type { FaultChoice } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'

/** One run as JSON: flags are turned into it, `run.json` keeps it, and any run can be started from it. */
export interface RunSpec {
  readonly target: {
    /** A name in the registry, or the path of a file. */
    readonly name: string
    readonly bug?: string | undefined
    readonly settings: Settings
    /** Of a recording: its servers, and the clients, which the run observes instead of driving clients of its own. */
    readonly traffic?: TrafficSpec | undefined
  }
  readonly workload: { readonly name: string; readonly settings: Settings }
  /** When absent, the target decides. */
  readonly nodes?: number | undefined
  readonly clients: number
  /** Operations per second over all clients. */
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  /** Kinds as `--faults` names them, or faults with times as in a schedule. */
  readonly faults: readonly FaultChoice[]
  /** Whether nobody chose them, and they are those that the target suffers by itself. */
  readonly usualFaults?: true | undefined
  readonly seed: number
  /** When absent, what the target promises. `none`: the run only observes. */
  readonly expect?: string | undefined
  /** Bounds besides the level: `availability during partition >= 99.5%`, `lost == 0`. */
  readonly require?: readonly string[] | undefined
  readonly checkMs: Millis
  /** Whether the clients are stopped once a violation of the strongest level is noticed, while the history is recorded. */
  readonly stopOnViolation?: boolean | undefined
  /** Whether one write and one read are tried before the run, where clients use a route table of the user; by default they are. */
  readonly rehearsal?: boolean | undefined
}

/** A spec with all that its target decides: what a finished run keeps of it. */
export interface RunConfig extends Omit<RunSpec, 'checkMs'> {
  readonly nodes: number
}

export interface Settings {
  readonly [name: string]: number | boolean | string
}

/** What is recorded of servers and clients that are somebody else's, as JSON. */
export interface TrafficSpec {
  /** The path of a route table, the JSON of one, or `resp`. */
  readonly as: string
  readonly servers: readonly TrafficServer[]
  /** What tells clients apart, instead of what the table says. */
  readonly client?: string | undefined
  /** What keys hold at the start: `unknown`, `read`, or the JSON of a value. */
  readonly initial?: string | undefined
  readonly model?: string | undefined
  /** The names of the servers that faults happen to; when absent, all. */
  readonly hurt?: readonly string[] | undefined
  /** The clients: the words of a command. Absent where they came by themselves. */
  readonly command?: readonly string[] | undefined
  /** Variables of the command, with placeholders for the proxies' addresses. */
  readonly environment?: { readonly [name: string]: string } | undefined
  /** Whether it does not matter how the command ends. */
  readonly mayFail?: boolean | undefined
  /** Whether the time is how long it is meant to take: the command is then ended. */
  readonly endsInTime?: boolean | undefined
  /** What to do to record it again, where only what recorded it can. */
  readonly again?: string | undefined
}

/** A server behind a proxy: where it runs already, or the words of the command that starts it. */
export interface TrafficServer {
  readonly name: string
  /** `host:port`, with `https://` in front where the proxy speaks TLS; when absent, any free port. */
  readonly listen?: string | undefined
  readonly upstream?: string | undefined
  readonly serve?: readonly string[] | undefined
  /** False: its traffic can be hurt, and is not recorded. */
  readonly recorded?: boolean | undefined
}
