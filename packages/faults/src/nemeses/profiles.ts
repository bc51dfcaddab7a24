import type { FaultKind } from '../families/registry.ts'

/** A word in `--faults` for a group of kinds. It selects a nemesis for each kind that the target supports. */
export interface FaultProfile {
  readonly name: string
  readonly summary: string
  has(kind: FaultKind): boolean
}

const profile = (name: string, summary: string, kinds: readonly FaultKind[]): FaultProfile => ({
  name,
  summary,
  has: (kind) => kinds.includes(kind),
})

const GENTLE: readonly FaultKind[] = [
  ...(['latency', 'bandwidth', 'packet-loss', 'reorder-message', 'delay-reply', 'trickle-reply'] as const),
]

const NETWORK: readonly FaultKind[] = [
  ...GENTLE,
  ...(['partition', 'reset', 'drop-message', 'duplicate-message', 'lose-request', 'lose-reply'] as const),
  ...(['truncate-reply', 'duplicate-request', 'lose-commit-reply'] as const),
]

const CRASH: readonly FaultKind[] = [
  ...(['kill', 'crash', 'power-loss', 'stop', 'restart', 'crash-before-reply', 'pause'] as const),
]

const DISK: readonly FaultKind[] = ['power-loss', 'slow-fsync', 'fail-fsync', 'freeze-disk', 'fill-disk']

/** Every profile. Help, documentation and tests iterate over this list. */
export const faultProfiles: readonly FaultProfile[] = [
  { name: 'everything', summary: 'every kind of fault', has: () => true },
  profile('gentle', 'late, slow and reordered traffic; nothing is cut, lost or stopped', GENTLE),
  profile(
    'network',
    'the faults of the profile gentle, plus resets, cut links, and lost or repeated messages',
    NETWORK,
  ),
  profile('crash', 'killed, paused and restarted nodes', CRASH),
  profile('disk', 'power losses, and disks that are slow, fail, are frozen or full', DISK),
]

export const profileNamed = (name: unknown): FaultProfile | undefined =>
  faultProfiles.find((each) => each.name === name)
