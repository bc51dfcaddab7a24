import type { Pacelc } from '@chaosproxy/runner/result'
import type { RunTelling } from './telling/run-telling.ts'

/** Systems measured in the same way under the same conditions. */
export interface Comparison {
  readonly world: 'simulated' | 'real'
  /** The network between the nodes, as for `--network`. */
  readonly network: string
  /** Numbers of nodes per system. */
  readonly nodes: readonly number[]
  readonly clients: number
  /** Operations per second of all clients. */
  readonly rate: number
  readonly timeMs: number
  readonly timeoutMs: number
  readonly seeds: readonly number[]
  /** The conditions of the runs: `calm`, followed by the faults. */
  readonly conditions: readonly string[]
  /** The workload, such as `register keys=2`. Absent for the default: register and, in separate runs, set. */
  readonly workload?: string | undefined
  /** The reported levels, strongest first: consistency levels, or for transactions isolation levels. */
  readonly levels: readonly string[]
  readonly systems: readonly ComparedSystem[]
  /** The setting that is swept: `sync`, or `quorum and sync`; absent without a sweep. */
  readonly sweep?: string | undefined
  /** Whether the comparison stopped before all its runs. */
  readonly interrupted: boolean
  /** The command that repeats every run, if a command started the comparison. */
  readonly again?: string | undefined
  /** Notes for the reader on how to interpret the numbers. */
  readonly notes: readonly string[]
}

/** A system and its measurements. */
export interface ComparedSystem {
  /** `primary-replica sync=majority`. */
  readonly name: string
  /** The value of the swept setting. */
  readonly value?: string | undefined
  /**
   * In a sweep, the name of the curve to which the system belongs: the system and its values of all swept settings
   * except the first, such as `primary-replica reads=replica`. Absent without a sweep.
   */
  readonly curve?: string | undefined
  /**
   * The measured PACELC class, such as `PA/EL`. Absent if no partition was measured, or if the measurements leave the
   * class undecided (see `pacelcOf`).
   */
  readonly pacelc?: Pacelc | undefined
  /** The system under each condition, in order. */
  readonly cells: readonly ComparedCell[]
}

/** The measurements of a system under a condition, over all seeds. */
export interface ComparedCell {
  readonly condition: string
  /** The level that the system promises under `condition`, or `nothing`. */
  readonly promised: string
  /** The strongest level that every run met. `none` if a run met no level; `unknown` if this is undecided. */
  readonly level: string
  /** Result of each judged level: met if every run met it, violated if any run violated it. */
  readonly levels: { readonly [level: string]: LevelResult }
  /** Number of runs that met no stronger level than `level`. */
  readonly weakest: number
  readonly runs: number
  /** Whether every run kept the promise. Absent if nothing was promised; `unknown` if some runs are undecided. */
  readonly kept?: boolean | 'unknown' | undefined
  /**
   * The share of requests to live nodes that were answered during the fault: availability in the sense of the CAP
   * theorem.
   */
  readonly availability: Spread
  /** Number of runs with at least 99% of requests answered. */
  readonly available: number
  /** The share of requests that would have been answered if each client had asked the other nodes, too. */
  readonly practical: Spread
  /** Latency of the answered operations; absent if none was answered. */
  readonly latency?: Latency | undefined
  /** Greatest staleness of a read, in nanoseconds, if any read was stale. */
  readonly staleNanos?: number | undefined
  /** Share of the reads that were stale. */
  readonly staleShare: number
  /** Nanoseconds of the longest time without an answered write. */
  readonly outageNanos: number
  /**
   * The median over the runs of the time from the fault's end to the recovery, in nanoseconds. A run has recovered when
   * the system answers at least 99% of the requests, or at least as large a share as before the fault. `never` if the
   * system does not recover; absent without a fault.
   */
  readonly recovery?: number | 'never' | undefined
  /** Answers per second in equal parts of the run; the mean over the runs. */
  readonly goodput: readonly number[]
  /** Acknowledged writes lost in all runs. Absent for transactions: the verdicts on their levels cover losses. */
  readonly lost?: number | undefined
  /** The report of one run that broke the promise. Undefined if no run broke it. */
  readonly broken?: RunTelling | undefined
  /** How to decide whether the promise was kept, if this is undecided. */
  readonly toDecide?: string | undefined
  /**
   * The command that repeats a run: a run that broke the promise, otherwise an undecided run, otherwise the weakest
   * run.
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
