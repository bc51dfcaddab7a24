import type { Pacelc } from '@chaosproxy/runner/result'
import type { ToldRun } from './telling/told-run.ts'

/** Systems measured alike under the same conditions. */
export interface Comparison {
  readonly world: 'simulated' | 'real'
  /** What lies between the nodes, as `--network` names it. */
  readonly network: string
  /** How many each system has; several numbers if they differ. */
  readonly nodes: readonly number[]
  readonly clients: number
  /** Operations per second, over all clients. */
  readonly rate: number
  readonly timeMs: number
  readonly timeoutMs: number
  readonly seeds: readonly number[]
  /** `calm` first, then the faults. */
  readonly conditions: readonly string[]
  /** What clients did, `write-skew` or `register keys=2`; absent for registers, and sets beside them. */
  readonly workload?: string | undefined
  /** The levels that sum up a run, strongest first: of consistency, or, for transactions, of isolation. */
  readonly levels: readonly string[]
  readonly systems: readonly ComparedSystem[]
  /** What is swept, if anything is: `sync`, or `quorum and sync`. */
  readonly sweep?: string | undefined
  /** Whether it was ended before all its runs: systems, conditions or seeds may be missing. */
  readonly interrupted: boolean
  /** The command that performs every run again; absent if no command began them. */
  readonly again?: string | undefined
  /** What a reader must know that the numbers do not say. */
  readonly notes: readonly string[]
}

/** A system, and what was measured of it. */
export interface ComparedSystem {
  /** `primary-replica sync=majority`. */
  readonly name: string
  /** The value of the swept setting. */
  readonly value?: string | undefined
  /** The curve that it is a point of, if several things are swept: `primary-replica reads=replica`. */
  readonly curve?: string | undefined
  /** What it gives up, as found: `PA/EL`. Absent if no fault cut it, or its level in calm is not decided. */
  readonly pacelc?: Pacelc | undefined
  /** By condition, in the comparison's order. */
  readonly cells: readonly ComparedCell[]
}

/** One system under one condition, over all seeds. */
export interface ComparedCell {
  readonly condition: string
  /** The level promised under this condition, or `nothing`. */
  readonly promised: string
  /** The strongest level that every run met; `none` if some run met none, `unknown` if that is undecided. */
  readonly level: string
  /** Each level of the comparison by which the runs were judged: met if every run met it, violated if one broke it. */
  readonly levels: { readonly [level: string]: LevelResult }
  /** How many of the runs met no more than that. */
  readonly weakest: number
  readonly runs: number
  /** Whether every run kept the promise; `unknown` if some are undecided. Absent without a promise. */
  readonly kept?: boolean | 'unknown' | undefined
  /** The share of requests to live nodes that were answered during the fault, as in CAP; the mean over nodes. */
  readonly availability: Spread
  /** How many of the runs answered 99% or more, which is what counts as available. */
  readonly available: number
  /** The same, had each client that got no answer asked the other nodes. */
  readonly practical: Spread
  /** The latency of answered operations; absent if there were none. */
  readonly latency?: Latency | undefined
  /** The read furthest behind; absent if none was. */
  readonly staleNanos?: number | undefined
  /** The share of reads that were behind. */
  readonly staleShare: number
  /** The longest time in which no write at all was answered. */
  readonly outageNanos: number
  /**
   * Nanoseconds from the end of the fault to the first success that stays: from it on, as large a share is answered as
   * before the fault, or 99%. `never` if the run ended before; absent in calm. The median over the runs.
   */
  readonly recovery?: number | 'never' | undefined
  /** Answers a second, in equal parts of the run's time; the mean over the runs. */
  readonly goodput: readonly number[]
  /** Acknowledged writes that were lost, over all runs. Absent for transactions, whose levels say it. */
  readonly lost?: number | undefined
  /** What happened in a run that broke the promise; absent if none did. */
  readonly broken?: ToldRun | undefined
  /** What would decide whether the promise was kept, if that is open. */
  readonly toDecide?: string | undefined
  /** Repeats the run that broke the promise, or in which that is open; otherwise the weakest. */
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
