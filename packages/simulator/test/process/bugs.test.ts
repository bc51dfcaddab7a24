import { millis } from '@chaosproxy/history'
import { findProtocol, type ProtocolSettingValue, protocols } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import { workloadFor } from '../../bench/bug-subjects.ts'
import { type Failure, searchSeeds, strategies, type TrialLimits } from '../../src/index.ts'

/** The settings under which a bug matters, and the level that histories are checked against. */
interface Setting {
  readonly targetSettings?: { readonly [name: string]: ProtocolSettingValue }
  readonly level?: 'linearizable' | 'sequential' | 'eventual'
}

const SEMI_SYNC: Setting = { targetSettings: { sync: 'majority', reads: 'primary' } }
/** Disables snapshots, transfers and membership changes. Bugs that need none of them are then found sooner. */
const PLAIN: Setting = { targetSettings: { 'snapshot-entries': 10_000, 'transfer-ms': 0, 'resize-ms': 0 } }
const SHORT_LEASES: Setting = { targetSettings: { 'lease-ms': 20 } }
const SHORT_VISIBILITY: Setting = { targetSettings: { 'visibility-ms': 20 } }
const IMPATIENT: Setting = { targetSettings: { 'check-ms': 5, 'vote-timeout-ms': 20, 'silence-ms': 20 } }
const EVENTUAL: Setting = { level: 'eventual' }
const FENCED: Setting = { targetSettings: { fencing: true, 'ttl-ms': 100 } }
const LONG_LOCKS: Setting = { targetSettings: { 'ttl-ms': 10_000 } }
const SEQUENTIAL: Setting = { level: 'sequential' }

/** Bugs that clients' histories show, without checks of invariants. */
const BY_HISTORY: { readonly [bug: string]: Setting } = {
  'raft ack-before-majority': {},
  'raft stale-read': {},
  'raft no-log-check': {},
  'raft reply-by-index': {},
  'raft read-without-noop': {},
  'raft quorum-off-by-one': {},
  'raft no-prev-check': PLAIN,
  'raft lease-too-long': PLAIN,
  'primary-replica no-fencing': SEMI_SYNC,
  'primary-replica ack-before-replicate': SEMI_SYNC,
  'primary-replica promote-stale': SEMI_SYNC,
  'primary-replica stale-read': SEMI_SYNC,
  'primary-replica own-write-when-sent': {
    targetSettings: { reads: 'sticky', 'own-writes': true, failover: false },
    level: 'sequential',
  },
  'master-master forget-gossip': EVENTUAL,
  'master-master clock-ignorant': EVENTUAL,
  'master-master forget-received': EVENTUAL,
  'master-master merge-by-arrival': { ...EVENTUAL, targetSettings: { conflicts: 'version-vector' } },
  'two-phase-commit forget-prepared': {},
  'two-phase-commit decide-on-timeout': {},
  'three-phase-commit forget-vote': {},
  'three-phase-commit decide-alone': IMPATIENT,
  'commit-wait no-wait': { targetSettings: { order: 'commit-wait', 'epsilon-ms': 40, 'skew-ms': 40 } },
  'commit-wait trust-clock': { targetSettings: { order: 'uncertainty-interval', 'epsilon-ms': 40, 'skew-ms': 40 } },
  'sharded both-owners-serve': {},
  'sharded drop-in-flight': {},
  'dns serial-as-integer': EVENTUAL,
  'redlock release-any': LONG_LOCKS,
  'redlock forget-on-restart': LONG_LOCKS,
  'watch-cache trust-cache': { targetSettings: { reads: 'consistent' } },
  'outbox outbox-apart': EVENTUAL,
  'outbox outbox-in-memory': EVENTUAL,
  'outbox forget-on-send': EVENTUAL,
  'outbox apply-repeats': EVENTUAL,
  'balancer retry-writes': {},
  'broker ack-before-persist': {},
  'broker redeliver-at-the-end': SHORT_VISIBILITY,
  'broker forget-producers': {},
  'broker settle-late': SHORT_VISIBILITY,
  'broker empty-while-in-flight': {},
  'broker one-ack-for-all': { ...EVENTUAL, targetSettings: { topics: 'push' } },
  'single key-in-memory': {},
  'single key-after-effect': {},
  'single key-before-effect': {},
  'single key-per-attempt': {},
  'single refuse-after-sent': { targetSettings: { 'breaker-failures': 2 } },
  'lease-lock reuse-token': SHORT_LEASES,
  'lease-lock fence-loads-only': SHORT_LEASES,
  'ordered-queue read-before-own-write': SEQUENTIAL,
  'ordered-queue apply-out-of-order': SEQUENTIAL,
  'ordered-queue forget-applied': SEQUENTIAL,
  'viewstamped answer-before-prepare-ok': {},
  'chain head-answers': {},
  'chain read-from-anywhere': {},
  'paxos quorum-off-by-one': {},
  'paxos stale-read': { targetSettings: { reads: 'round' } },
  'quorum quorum-off-by-one': {},
  'quorum no-tie-break': {},
  'quorum drop-handoff-on-restart': {
    ...EVENTUAL,
    targetSettings: { replicas: 3, r: 1, w: 1, sloppy: true, tags: 'clock' },
  },
}

/** Bugs that histories rarely show, but that an invariant soon shows. */
const BY_INVARIANT: { readonly [bug: string]: Setting } = {
  'balancer never-back': {},
  'two-phase-commit presume-commit': {},
  'two-phase-commit forget-decision': {},
  'lease-lock fence-stores-only': SHORT_LEASES,
  'raft forget-vote': {},
  'raft stale-append': {},
  'raft vote-twice': {},
  'raft prev-length-only': {},
  'raft no-truncate': {},
  'raft ack-before-fsync': {},
  'raft forget-snapshot': {},
  'raft overlapping-changes': { targetSettings: { 'resize-ms': 60 } },
  'primary-replica forget-epoch': SEMI_SYNC,
  'master-master no-tie-break': EVENTUAL,
  'master-master forget-context': { ...EVENTUAL, targetSettings: { conflicts: 'version-vector' } },
  'master-master deaf-clock': { ...EVENTUAL, targetSettings: { conflicts: 'hybrid-clock', 'resolution-ms': 50 } },
  'viewstamped stale-view-change': {},
  'viewstamped forget-view': { targetSettings: { recovery: 'disk' } },
  'viewstamped skip-recovery': { targetSettings: { recovery: 'nonce' } },
  'chain no-inprocess-resend': {},
  'paxos ignore-highest-accepted': {},
  'paxos ignore-promise': {},
  'paxos forget-promise': {},
  'quorum no-write-back': {},
  'dns refill-from-stale': EVENTUAL,
  'dns ttl-anew': EVENTUAL,
  'dns keep-negative': EVENTUAL,
  'redlock no-majority': FENCED,
  'redlock validity-not-subtracted': { targetSettings: { fencing: true, 'ttl-ms': 20, 'attempt-ms': 200 } },
  'generals trust-commander': { ...EVENTUAL, targetSettings: { traitor: 'commander' } },
  'generals three-generals': EVENTUAL,
  'generals unverified-signatures': { ...EVENTUAL, targetSettings: { messages: 'signed' } },
  'watch-cache resume-at-latest': EVENTUAL,
  'watch-cache ignore-compaction': { ...EVENTUAL, targetSettings: { history: 2 } },
}

/** Bugs that are not found within the trials that a test can afford. The tests of the protocols show these bugs. */
const SHOWN_STEP_BY_STEP = [
  'raft commit-old-term',
  'raft double-apply',
  'raft dedup-leader-only',
  'raft up-to-date-length-only',
]

const TRIALS = 2_000

/** The strategies for protocols. Seed N uses the strategy at index `N % ofProtocols.length`. */
const ofProtocols = strategies.filter(({ name }) => name !== 'databases')

/**
 * For each bug that few seeds find: one seed that finds it, with a strategy that does not depend on earlier seeds. If
 * the seed no longer finds the bug after a change of the protocol, all seeds are tried again.
 */
const FOUND_BY: { readonly [bug: string]: number } = {
  'raft no-log-check': 123,
  'raft reply-by-index': 36,
  'raft lease-too-long': 66,
  'primary-replica stale-read': 22,
  'master-master forget-received': 93,
  'lease-lock reuse-token': 52,
  'lease-lock fence-loads-only': 18,
  'quorum quorum-off-by-one': 95,
  'quorum drop-handoff-on-restart': 617,
  'two-phase-commit presume-commit': 18,
  'two-phase-commit forget-decision': 86,
  'three-phase-commit decide-alone': 189,
  'lease-lock fence-stores-only': 33,
  'raft stale-append': 112,
  'raft ack-before-fsync': 275,
  'raft forget-snapshot': 11,
  'raft overlapping-changes': 1568,
  'master-master no-tie-break': 18,
  'viewstamped stale-view-change': 112,
  'viewstamped forget-view': 32,
  'outbox outbox-apart': 132,
  'raft ack-before-majority': 22,
  'raft vote-twice': 78,
  'raft read-without-noop': 46,
  'single key-in-memory': 47,
  'broker settle-late': 24,
  'two-phase-commit decide-on-timeout': 23,
  'raft no-prev-check': 22,
  'viewstamped answer-before-prepare-ok': 13,
  'single key-after-effect': 29,
  'raft quorum-off-by-one': 13,
  'single key-before-effect': 29,
  'raft prev-length-only': 22,
  'raft no-truncate': 22,
  'quorum no-write-back': 24,
}

function hunt(named: string, { targetSettings = {}, level = 'linearizable' }: Setting, invariants: boolean): Failure[] {
  const [target = '', bug = ''] = named.split(' ')
  const protocol = findProtocol(target)!
  const subject = {
    target,
    protocol,
    bug,
    targetSettings,
    level,
    workload: workloadFor(protocol, bug),
    settings: {},
    nodes: undefined,
    operations: 60,
  }
  const limits: TrialLimits = {
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
    invariants,
  }
  const among = (first: number, count: number): Failure[] =>
    searchSeeds(subject, {
      first,
      count,
      strategies: ofProtocols,
      limits,
      stopAtFirst: true,
      verifyDeterminism: false,
    }).findings.map(({ failure }) => failure)
  const known = FOUND_BY[named]
  const failures = known === undefined ? [] : among(known, 1)
  return failures.length > 0 ? failures : among(1, TRIALS)
}

describe('a planted bug', () => {
  test('each planted bug is listed in BY_HISTORY, BY_INVARIANT or SHOWN_STEP_BY_STEP', () => {
    const all = protocols.flatMap(({ name, bugs }) => bugs.map((bug) => `${name} ${bug.name}`))
    const known = [...Object.keys(BY_HISTORY), ...Object.keys(BY_INVARIANT), ...SHOWN_STEP_BY_STEP]
    expect(known.sort()).toEqual(all.sort())
  })

  test.each(Object.entries(BY_HISTORY))(
    'the bug %s is found from the history alone, without invariants',
    (named, setting) => {
      expect(hunt(named, setting, false)).toMatchObject([{ kind: 'violation', level: setting.level ?? 'linearizable' }])
    },
  )

  test.each(Object.entries(BY_INVARIANT))('the bug %s is found by an invariant', (named, setting) => {
    expect(hunt(named, setting, true)).toMatchObject([{ kind: 'invariant' }])
  })
})
