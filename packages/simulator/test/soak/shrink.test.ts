import { millis } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import type { Scenario } from '@chaosproxy/runner'
import { afterAll, describe, expect, test } from 'vitest'
import { subjectWith } from '../../bench/bug-subjects.ts'
import {
  causeOf,
  digestOf,
  minimise,
  parseReplay,
  printReplay,
  runScenario,
  type SearchedProtocol,
} from '../../src/index.ts'
import { findingFrom, limits } from '../planted-bugs.ts'

// Any failure is shrunk to one that is small enough for people. CHAOS_SOAK=short uses two starting seeds instead of
// twenty.
const STARTS = process.env['CHAOS_SOAK'] === 'short' ? 2 : 20
const BUDGET_MS = millis(2_000)
const REPLAYS = 100
/**
 * With at least this many starting seeds, the share of small cases is checked for each bug, too. With fewer, a single
 * case would change the share too much.
 */
const OFTEN = 20
/**
 * The required share of small cases, both among all cases and among the cases of each bug. For a bug in `HARD`,
 * `HARD_SHARE` is required instead.
 */
const SMALL_SHARE = STARTS >= OFTEN ? 0.95 : 0.9
const HARD_SHARE = 0.7

const TWICE =
  'it shows where an answer is lost, within a few milliseconds, and the request handed to the next leader while another write of that key passes: of thousands of small trials none may show it, and what a large one hangs on is when each message comes'

const MANY_TERMS =
  'it takes elections and changes of members in several terms, so that a trial goes on for seconds of virtual time, and the 2 s do for few of them: with 6 s all but one of 20 are small'

const IN_TURN =
  'it takes nodes that go and come back in turn, each at its moment: of twenty cases two keep six to eight faults, none of which can be left out'

/** The bugs for which only `HARD_SHARE` of the cases must be small, each with the reason. */
const HARD: { readonly [bug: string]: string } = {
  'double-apply': TWICE,
  'dedup-leader-only': TWICE,
  'overlapping-changes': MANY_TERMS,
  'ack-before-fsync': IN_TURN,
  'up-to-date-length-only': IN_TURN,
}

const isSmall = ({ operations, faults }: Scenario): boolean => operations.length <= 12 && faults.length <= 4

/**
 * Writes the scenario as a replay file, parses the file, and runs the parsed scenario. Returns the cause of the
 * failure, and the digest of the history.
 */
function replayed(
  subject: SearchedProtocol,
  scenario: Scenario,
  invariants: boolean,
): { cause: string; digest: string } {
  const text = printReplay({ scenario, found: undefined, digest: undefined, invariants })
  const { failure, events } = runScenario(subject, parseReplay(text, 'replay').scenario, { ...limits, invariants })
  return { cause: failure === undefined ? 'nothing' : causeOf(failure), digest: digestOf(events) }
}

describe('a failure found by a search', () => {
  const large: string[] = []
  let cases = 0

  const found = protocols.flatMap((protocol) =>
    protocol.bugs.map(({ name }) => [protocol.name, name, protocol] as const),
  )

  test.each(found)(
    `a failure of %s with the bug %s shrinks to a small scenario that fails again in each of ${REPLAYS} replays`,
    (_, bug, protocol) => {
      const subject = subjectWith(protocol, bug)
      const own: string[] = []
      for (let start = 0; start < STARTS; start++) {
        const finding = findingFrom(subject, start)
        const invariants = finding.failure.kind !== 'violation'
        const scenario = minimise(subject, finding, { limits, budgetMs: BUDGET_MS })
        if (scenario === undefined) throw new Error(`seed ${finding.seed} does not fail again`)
        const { operations, faults } = scenario
        if (!isSmall(scenario))
          own.push(`${bug}, seed ${finding.seed}: ${operations.length} operations, ${faults.length} faults`)
        const first = replayed(subject, scenario, invariants)
        expect(first.cause, `seed ${finding.seed}`).toBe(causeOf(finding.failure))
        // Replays the first case of each bug `REPLAYS` times, and the other cases twice.
        for (let time = 1; time < (start === 0 ? REPLAYS : 2); time++)
          expect(replayed(subject, scenario, invariants), `seed ${finding.seed}, time ${time}`).toEqual(first)
      }
      large.push(...own)
      cases += STARTS
      if (STARTS >= OFTEN)
        expect(1 - own.length / STARTS, own.join('\n')).toBeGreaterThanOrEqual(
          Object.hasOwn(HARD, bug) ? HARD_SHARE : SMALL_SHARE,
        )
    },
  )

  test(`in ${100 * SMALL_SHARE}% of all cases a shrunk failure has at most 12 operations and 4 faults`, () => {
    expect(1 - large.length / cases, large.join('\n')).toBeGreaterThanOrEqual(SMALL_SHARE)
  })

  test('each name in the list of bugs that are hard to shrink is an existing bug', () => {
    const bugs = protocols.flatMap((protocol) => protocol.bugs.map(({ name }) => name))
    expect(bugs).toEqual(expect.arrayContaining(Object.keys(HARD)))
  })

  afterAll(() => {
    if (large.length > 0) console.log(`Not cut down so far, ${large.length} of ${cases}:\n${large.join('\n')}`)
  })
})
