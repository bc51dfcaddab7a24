import { millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { expect, test } from 'vitest'
import { subjectWith } from '../../bench/bug-subjects.ts'
import { guide, usualStrategies } from '../../src/index.ts'
import { findingFrom, limits } from '../planted-bugs.ts'

// In most scenarios in which these bugs break an invariant, the history shows no violation. From such a scenario, the
// search continues until it finds a history that shows one. CHAOS_SOAK=short takes 2 of the 20 starting seeds.
const STARTS = process.env['CHAOS_SOAK'] === 'short' ? 2 : 20
const BUDGET_MS = millis(30_000)

test.each(['forget-vote', 'commit-old-term'])(
  `an invariant broken by %s leads to a violation that a client can see, within ${BUDGET_MS / 1_000} s from each of ${STARTS} seeds`,
  (bug) => {
    const subject = subjectWith(findProtocol('raft')!, bug)
    for (let start = 0; start < STARTS; start++) {
      const startedAt = limits.now()
      const finding = findingFrom(subject, start)
      const budgetMs = millis(BUDGET_MS - (limits.now() - startedAt))
      const seen =
        finding.failure.kind === 'violation'
          ? finding
          : guide(subject, finding, { strategies: usualStrategies, limits, budgetMs })
      expect(seen?.failure, `from seed ${finding.seed}`).toMatchObject({ kind: 'violation', level: 'linearizable' })
    }
  },
)
