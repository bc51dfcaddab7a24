import type { Level } from '@chaosproxy/checker'

/**
 * What an exhibit tests. An `embedded model` models the named system; a `new finding` is a package with an undocumented
 * weakness.
 */
type ExhibitKind = 'package' | 'server' | 'pattern' | 'embedded model' | 'new finding'

/**
 * A documented weakness of a system, with the arguments of `chaos` that show it and its cure. `{seed}` in the arguments
 * is the seed of a trial.
 */
export interface Exhibit {
  readonly name: string
  readonly kind: ExhibitKind
  readonly system: string
  /**
   * The version that showed the weakness; the installed version may differ. Absent if the entry is about a programming
   * pattern or an embedded model.
   */
  readonly version?: string
  /** What goes wrong, as a sentence. */
  readonly weakness: string
  /** The documentation of the weakness or, for a new finding, of the promise that it breaks. */
  readonly source: string
  /** The folder of `examples` in which the commands run. */
  readonly program?: string
  readonly servers: readonly string[]
  /** Whether injecting the faults of this gallery entry requires a C compiler. */
  readonly compiles?: true
  /** Whether a fault requires `chaos` to mount a file system for the data of a server that is written in Go. */
  readonly mounts?: true
  /**
   * The level that each trial of the weakness must violate: a consistency level, `faithful` for watches, or
   * `serializable` for transactions.
   */
  readonly breaks: Level | 'faithful' | 'serializable'
  readonly args: readonly string[]
  readonly cure: Cure
}

/** Returns what readers see of the tested system: its kind, name, version and servers. */
export const testedSystem = (
  kind: ExhibitKind,
  system: string,
  version: string,
  ...servers: readonly string[]
): Required<Pick<Exhibit, 'kind' | 'system' | 'version' | 'servers'>> => ({ kind, system, version, servers })

interface Cure {
  /** A sentence that says what the cure changes. */
  readonly says: string
  readonly args: readonly string[]
}

export const withSeed = (args: readonly string[], seed: number): readonly string[] =>
  args.map((word) => (word === SEED ? String(seed) : word))

export const SEED = '{seed}'
