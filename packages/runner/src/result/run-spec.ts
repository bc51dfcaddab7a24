import type { FaultChoice } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'

/**
 * A run as JSON. Command-line options are converted to a `RunSpec`, and `run.json` stores one. Any run can be started
 * from its `RunSpec`.
 */
export interface RunSpec {
  readonly target: {
    /** A name in the registry, or the path of a file. */
    readonly name: string
    readonly bug?: string | undefined
    readonly settings: Settings
    /** For a recording: its servers, and the clients that the run observes instead of driving its own. */
    readonly traffic?: TrafficSpec | undefined
  }
  readonly workload: { readonly name: string; readonly settings: Settings }
  /** Number of nodes; if absent, the target decides. */
  readonly nodes?: number | undefined
  readonly clients: number
  /** Operations per second, over all clients. */
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  /** Names of faults as in `--faults`, or faults with times as in a schedule. */
  readonly faults: readonly FaultChoice[]
  /** Whether the faults are the target's defaults and not chosen by the user. */
  readonly usualFaults?: true | undefined
  readonly seed: number
  /** The expected level; if absent, the target's promise. `none` means that the run only observes. */
  readonly expect?: string | undefined
  /** Requirements besides the level: `availability during partition >= 99.5%`, `lost == 0`. */
  readonly require?: readonly string[] | undefined
  readonly checkMs: Millis
  /** Whether a violation of the strongest level, noticed while the history is recorded, stops the clients. */
  readonly stopOnViolation?: boolean | undefined
  /** Whether to test the user's route table before the run, with one write and one read; true by default. */
  readonly rehearsal?: boolean | undefined
}

/** A complete spec as a finished run stores it, including values that the target chose. */
export interface RunConfig extends Omit<RunSpec, 'checkMs'> {
  readonly nodes: number
}

export interface Settings {
  readonly [name: string]: number | boolean | string
}

/** The description of a recording of external servers and clients, as JSON. */
export interface TrafficSpec {
  /** The protocol of the traffic: the path of a route table, a route table as JSON, or `resp`. */
  readonly as: string
  readonly servers: readonly TrafficServer[]
  /**
   * The property of requests that identifies clients. If present, it replaces the property that the route table names.
   */
  readonly client?: string | undefined
  /** The initial value of keys: `unknown`, `read`, or the JSON of a value. */
  readonly initial?: string | undefined
  readonly model?: string | undefined
  /** The names of the servers that faults affect. If absent, faults affect all servers. */
  readonly hurt?: readonly string[] | undefined
  /** The command that starts the clients, as a list of words. Absent if the user starts the clients separately. */
  readonly command?: readonly string[] | undefined
  /** Environment variables of the command, with placeholders for the proxies' addresses. */
  readonly environment?: { readonly [name: string]: string } | undefined
  /** Whether the exit code of the command is ignored. */
  readonly mayFail?: boolean | undefined
  /** Whether the command runs for the time of the run and is then ended. */
  readonly endsInTime?: boolean | undefined
  /** How to repeat the recording. Present if a program recorded itself, and nothing else can repeat the recording. */
  readonly again?: string | undefined
}

/** A server behind a proxy: its address, or the command that starts it, as a list of words. */
export interface TrafficServer {
  readonly name: string
  /** `host:port` on which the proxy listens, preceded by `https://` if it speaks TLS; if absent, any free port. */
  readonly listen?: string | undefined
  readonly upstream?: string | undefined
  readonly serve?: readonly string[] | undefined
  /** False if the server's traffic is not recorded. Faults can affect the server nevertheless. */
  readonly recorded?: boolean | undefined
}
