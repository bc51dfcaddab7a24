import type { Level } from '@chaosproxy/checker'

/**
 * What is tested: somebody's package, somebody's server, a pattern that is written by hand, or an embedded protocol that
 * models the system named; or a package with a weakness that is documented nowhere.
 */
type ExhibitKind = 'package' | 'server' | 'pattern' | 'embedded model' | 'new finding'

/**
 * A documented weakness of a system, the arguments of `chaos` that show it, and those with its cure. A word `{seed}` of the
 * arguments stands for the seed of a trial.
 */
export interface Exhibit {
  readonly name: string
  readonly kind: ExhibitKind
  readonly system: string
  /** As it was shown with; another may be installed here. Absent for a pattern and for a model. */
  readonly version?: string
  /** What goes wrong, as a sentence. */
  readonly weakness: string
  /** Where it is documented, or of a new finding where the opposite is promised: an address. */
  readonly source: string
  /** The folder of `examples` in which the commands run. */
  readonly program?: string
  readonly servers: readonly string[]
  /** Whether a fault of it needs a C compiler. */
  readonly compiles?: true
  /** Whether a fault of it needs a file system of ours below a server in Go. */
  readonly mounts?: true
  /** The level that each trial of the weakness must break; of watches, whether they are faithful; or of transactions. */
  readonly breaks: Level | 'faithful' | 'serializable'
  readonly args: readonly string[]
  readonly cure: Cure
}

/** Something of somebody's, in the version that an exhibit was shown with, and the servers it needs. */
export const shown = (
  kind: ExhibitKind,
  system: string,
  version: string,
  ...servers: readonly string[]
): Required<Pick<Exhibit, 'kind' | 'system' | 'version' | 'servers'>> => ({ kind, system, version, servers })

interface Cure {
  /** What is different, as a sentence. */
  readonly says: string
  readonly args: readonly string[]
}

export const withSeed = (args: readonly string[], seed: number): readonly string[] =>
  args.map((word) => (word === SEED ? String(seed) : word))

export const SEED = '{seed}'
