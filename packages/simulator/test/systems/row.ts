import type { Json } from '@chaosproxy/history'
import type { Settings } from '@chaosproxy/workloads'

/**
 * One row of the table of systems: a system with its settings, its faults, and the verdict it must earn. Rows are data:
 * they run in the simulator over many seeds, and as real processes.
 */
export interface SystemRow {
  readonly protocol: string
  readonly targetSettings?: Settings
  /** When absent, a register. */
  readonly workload?: string
  /** Settings of the workload. */
  readonly settings?: Settings
  readonly nodes?: number
  /** Nemeses by name; none: a run without faults. */
  readonly faults: readonly string[]
  /**
   * Faults that are aimed at the level that must break, in the form of `--faults FILE`. Nemeses would rarely break this
   * level.
   */
  readonly aimed?: readonly AimedFault[]
  /** Operations per second, if the violation shows only under load. */
  readonly rate?: number
  readonly earns: EarnedVerdict
}

export interface AimedFault {
  readonly fromMs: number
  readonly toMs: number
  readonly kind: string
  readonly links: readonly string[]
  readonly [parameter: string]: Json
}

export interface EarnedVerdict {
  /** Levels that every run meets. */
  readonly meets: readonly string[]
  /**
   * Levels that some run must violate. If no run does, the system is stronger than the table says, or is not tested
   * enough.
   */
  readonly breaks?: readonly string[]
  /**
   * Those levels of `breaks` that are violated in at most one of twenty runs on processes. Tests on processes do not
   * require violations of these levels.
   */
  readonly seldom?: readonly string[]
  /** Whether some run loses acknowledged writes; when absent, no run may. */
  readonly loses?: boolean
}

export const CALM: readonly string[] = []
/** What the table calls "under faults": partitions, loss, delay, crashes, pauses and clock skew. */
export const UNDER_FAULTS: readonly string[] = ['partition', 'loss', 'delay', 'kill', 'pause', 'clock']

/** Every link between nodes of the two sides. */
export const between = (one: readonly string[], other: readonly string[]): readonly string[] =>
  one.flatMap((a) => other.flatMap((b) => [`${a}>${b}`, `${b}>${a}`]))

/** One node is cut off until clients stop. Its last writes then conflict with those of the other nodes. */
export const FIRST_CUT_OFF: readonly AimedFault[] = [
  {
    fromMs: 100,
    toMs: 1_475,
    kind: 'partition',
    mode: 'hold',
    links: between(['n1'], ['n2', 'n3', 'n4', 'n5']),
  },
]

export const titleOf = ({ protocol, targetSettings = {}, workload, faults, aimed }: SystemRow): string =>
  [
    protocol,
    ...Object.entries(targetSettings).map(([name, value]) => `${name}=${value}`),
    ...(workload === undefined ? [] : [workload]),
    aimed !== undefined ? `aimed ${aimed[0]?.kind}` : faults.length === 0 ? 'calm' : faults.join('+'),
  ].join(' ')
