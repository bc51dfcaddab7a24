import type { Pacelc } from '@chaosproxy/runner/result'
import type { ToldRun } from './telling/told-run.ts'

/** Systems measured in the same way under the same conditions. */
export interface Comparison {
  readonly world: 'simulated' | 'real'
  /** The network between the nodes, in the syntax of `--network`. */
  readonly network: string
  /** Numbers of nodes per system; several if the systems differ. */
  readonly nodes: readonly number[]
  readonly clients: number
  /** Operations per second, over all clients together. */
  readonly rate: number
  readonly timeMs: number
  readonly timeoutMs: number
  readonly seeds: readonly number[]
  /** The conditions of the runs: `calm`, followed by the faults. */
  readonly conditions: readonly string[]
  /** The workload, `write-skew` or `register keys=2`; absent for the default of registers and sets. */
  readonly workload?: string | undefined
  /**
   * The levels that the comparison reports, strongest first: consistency levels or, for transactions, isolation levels.
   */
  readonly levels: readonly string[]
  readonly systems: readonly ComparedSystem[]
  /** The setting that is swept: `sync`, or `quorum and sync`; absent without a sweep. */
  readonly sweep?: string | undefined
  /** Whether the comparison stopped before all its runs: systems, conditions or seeds may be missing. */
  readonly interrupted: boolean
  /** The command that repeats every run; absent if the comparison was not started by a command. */
  readonly again?: string | undefined
  /** Notes that the reader needs to interpret the numbers. */
  readonly notes: readonly string[]
}

/** A system and its measurements. */
export interface ComparedSystem {
  /** `primary-replica sync=majority`. */
  readonly name: string
  /** The value of the swept setting. */
  readonly value?: string | undefined
  /** The curve to which the system belongs, if several settings are swept: `primary-replica reads=replica`. */
  readonly curve?: string | undefined
  /**
   * The measured PACELC class: `PA/EL`. Absent if no fault partitioned the system, or its level without faults is
   * undecided.
   */
  readonly pacelc?: Pacelc | undefined
  /** A cell for each condition, in the comparison's order. */
  readonly cells: readonly ComparedCell[]
}

/** The measurements of one system under one condition, over all seeds. */
export interface ComparedCell {
  readonly condition: string
  /** The level promised under this condition, or `nothing`. */
  readonly promised: string
  /** The strongest level that every run met. `none` if a run met no level; `unknown` if this is undecided. */
  readonly level: string
  /** Result of each level by which the runs were judged: met if every run met it, violated if any run violated it. */
  readonly levels: { readonly [level: string]: LevelResult }
  /** Number of runs that met no stronger level than `level`. */
  readonly weakest: number
  readonly runs: number
  /** Whether every run kept the promise; `unknown` if some are undecided. Absent without a promise. */
  readonly kept?: boolean | 'unknown' | undefined
  /**
   * The share of requests to live nodes that were answered during the fault, as a mean over the nodes. This is
   * availability in the sense of the CAP theorem.
   */
  readonly availability: Spread
  /** Number of runs that answered at least 99% of requests, the threshold of being available. */
  readonly available: number
  /**
   * The share of requests that would have been answered if each client without an answer had asked the other nodes,
   * too.
   */
  readonly practical: Spread
  /** Latency of the answered operations; absent if none was answered. */
  readonly latency?: Latency | undefined
  /** Greatest staleness of a read, in nanoseconds; absent if no read was stale. */
  readonly staleNanos?: number | undefined
  /** Share of the reads that were stale. */
  readonly staleShare: number
  /** Nanoseconds of the longest time in which no write was answered. */
  readonly outageNanos: number
  /**
   * Nanoseconds from the end of the fault to the recovery. The system has recovered once it answers, until the end of
   * the run, as large a share of operations as before the fault, or at least 99% if that share was larger. `never` if
   * the run ended before a recovery; absent without a fault. The median over the runs.
   */
  readonly recovery?: number | 'never' | undefined
  /** Answers per second, in equal parts of the run's time; the mean over the runs. */
  readonly goodput: readonly number[]
  /**
   * Number of acknowledged writes that were lost, over all runs. Absent for transactions, whose levels cover losses.
   */
  readonly lost?: number | undefined
  /** The report of a run in which the system broke its promise; absent if there is no such run. */
  readonly broken?: ToldRun | undefined
  /** How to find out whether the promise was kept; absent if this is already decided. */
  readonly toDecide?: string | undefined
  /**
   * The command that repeats one of the runs: one that broke the promise, if there is one; otherwise an undecided run,
   * if there is one; otherwise the weakest run.
   */
  readonly again: string
}

export type LevelResult = 'met' | 'violated' | 'unknown'

/** Over the runs. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Medians over the runs, in nanoseconds. */
interface Latency {
  readonly p50: number
  readonly p99: number
  readonly readP50: number | undefined
  readonly writeP50: number | undefined
}
