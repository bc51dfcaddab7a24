import { type Counterexample, check, type Model } from '@chaosproxy/checker'
import { type Fault, linksBetween } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { Heard, NodeMessage, RunSummary } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { made, met, ms, readOfReplaced, report, summary, unknown, violated } from '../../../testing/src/timeline.ts'
import { explain } from '../../src/explanation/explained.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { listeningFor } from '../../src/facts/listening.ts'
import type { Race } from '../../src/race/code-run.ts'
import { withOption } from '../../src/telling/next.ts'
import { tellingOfHistory } from '../../src/telling/run-telling.ts'
import { answersOf, type Telling, tellingOf } from '../../src/telling/telling.ts'

const { history, counterexample } = readOfReplaced()
const stale = report('not linearizable', { linearizable: violated(counterexample), eventual: met })
const fine = report('linearizable', { linearizable: met, eventual: met })

const tellingOfSummary = (run: RunSummary): Telling =>
  tellingOf(factsOf({ history, report: run.report, run }), {
    history,
    run,
    again: 'npx chaos run --target t --time 4s',
  })

const fault = (kind: Fault, from: number, to: number, hits = 1) => ({
  id: 'f',
  fault: kind,
  from: ms(from),
  to: ms(to),
  hits,
})

/** The partition that explains the stale read: n1 acknowledged the write, and n3 answered the read. */
const between: Fault = { kind: 'partition', links: linksBetween([['n1', 'n2'], ['n3']]), mode: 'hold' }

describe('the summary of a run', () => {
  test.each<[Telling['outcome'], Partial<RunSummary>, RegExp, string | undefined]>([
    ['violated', { report: stale }, /./, 'npx chaos run --target t --time 4s'],
    ['met', { report: fine }, /twenty/, 'npx chaos run --target t --time 4s --times 20'],
    [
      'weaker',
      { report: stale, expectation: { level: 'eventual', met: true, promised: true } },
      /^If you rely on a stronger level: .* To make such a run fail, give --expect linearizable\.$/,
      'npx chaos run --target t --time 4s --expect linearizable',
    ],
    [
      'unknown',
      { report: report('unknown', { linearizable: unknown('out of time', 'time') }) },
      /more time/,
      'npx chaos run --target t --time 4s --check-timeout 10m',
    ],
    [
      'unknown',
      {
        report: report('unknown', {
          causal: unknown('this level is defined for reads and writes only, and there is a cas', 'operations'),
        }),
        expectation: { level: 'causal', met: 'unknown' },
      },
      /Leave other operations out/,
      'npx chaos run --target t --time 4s --operations read,write',
    ],
    [
      'vacuous',
      { report: fine, vacuous: ['no kill was injected'], lacks: ['faults'] },
      /time to take effect/,
      'npx chaos run --target t --time 40s',
    ],
    [
      'vacuous',
      { report: fine, vacuous: ['nothing ran at the same time as a write'], lacks: ['concurrency'] },
      /more clients work at once/,
      'npx chaos run --target t --time 4s --clients 20',
    ],
    [
      'vacuous',
      { report: fine, vacuous: ['as an earlier version told it'] },
      /Run longer/,
      'npx chaos run --target t --time 60s',
    ],
    ['interrupted', { report: fine, interrupted: true }, /run to its end/, 'npx chaos run --target t --time 4s'],
    [
      'missed',
      { report: fine, requirements: [{ requirement: 'availability >= 99%', met: false, found: '61%', why: '' }] },
      /requirements/,
      'npx chaos run --target t --time 4s',
    ],
    ['unchecked', { report: undefined }, /again/, 'npx chaos run --target t --time 4s'],
  ])('the summary of a run proposes a next step for the outcome %s', (outcome, more, text, command) => {
    const telling = tellingOfSummary(summary(more as never))
    expect(telling.outcome).toBe(outcome)
    expect(telling.next.text).toMatch(text)
    expect(telling.next.command).toBe(command)
  })

  test('the summary of a run proposes the default workload settings if the chosen settings only read', () => {
    const run = summary({ report: fine, vacuous: ['no write succeeded'], lacks: ['successes'] })
    const workload = { ...run.spec.workload, settings: { reads: 1 } }
    const asked = { ...run, operations: { ok: 9, fail: 0, info: 0 } as never, spec: { ...run.spec, workload } }
    const again = 'npx chaos run --target t --workload-set reads=1'
    expect(tellingOf(factsOf({ history, report: fine, run: asked }), { history, run: asked, again }).next).toEqual({
      text: 'All that clients asked for succeeded. Let the workload ask for the rest, too.',
      command: 'npx chaos run --target t',
    })
  })

  test('the summary of a run with only reads proposes the default workload, even if some reads got no answer', () => {
    const run = summary({ report: fine, vacuous: ['no write succeeded'], lacks: ['successes'] })
    const workload = { ...run.spec.workload, settings: { reads: 1 } }
    const operations = { total: 12, ok: 9, fail: 2, info: 1, reads: 12, writes: 0, cas: 0 }
    const asked = { ...run, operations, spec: { ...run.spec, workload } }
    const again = 'npx chaos run --target t --workload-set reads=1'
    expect(tellingOf(factsOf({ history, report: fine, run: asked }), { history, run: asked, again }).next).toEqual({
      text: 'Clients asked for reads only. Let the workload ask for the rest, too.',
      command: 'npx chaos run --target t',
    })
  })

  test('if no write succeeded, the summary of a run proposes to remove the cause of the errors', () => {
    const refused = made(
      Array.from({ length: 12 }, (_, i) => ({
        ...{ p: i, f: 'write', key: 'x', in: i, type: 'fail' as const, error: 'status 500' },
        ...{ from: ms(i), to: ms(i + 1) },
      })),
    )
    const run = summary({ report: fine, vacuous: ['no write succeeded'], lacks: ['successes'] })
    const facts = factsOf({ history: refused, report: fine, run })
    const { outcome, next } = tellingOf(facts, { history: refused, run })
    expect([outcome, facts.isEmpty]).toEqual(['vacuous', true])
    expect(next.text).toBe('No write worked. Remove the cause of these errors, in the system or in how clients ask it.')
  })

  test('the summary of a run proposes faults that only delay messages if most requests failed during faults', () => {
    const phase = { phase: 'kill', availability: 0.1, operations: 60 } as never
    const { next } = tellingOfSummary(summary({ report: fine, phases: [phase] }))
    expect(next).toEqual({
      text: 'Most requests failed while faults were in force, so this run tried little. Try faults that only delay messages.',
      command: 'npx chaos run --target t --time 4s --faults gentle',
    })
  })

  test('the summary of a run refers to the logs of nodes that have any if nothing was answered after the faults', () => {
    const judged = report('unknown', { linearizable: unknown('nobody read it after everything was healed') })
    const nextOf = (tier: RunSummary['tier']) =>
      tellingOfSummary(summary({ report: judged, vacuous: ['nothing was answered'], lacks: ['recovery'], tier })).next
    expect(nextOf('real')).toEqual({
      text: 'No operation succeeded after the faults ended. Look at the errors of the operations, and at the logs of the nodes. For nodes that chaos started, these are in nodes/ of the directory of the run.',
      command: 'npx chaos run --target t --time 4s',
    })
    expect(nextOf('simulated').text).toMatch(/Look at the errors of the operations\.$/)
  })

  test('the summary of a run proposes replies only by the primary or a majority if a cut-off replica answered', () => {
    const { next } = tellingOfSummary(summary({ report: stale, faults: [fault(between, 6000, 9000)] as never }))
    expect(next.text).toMatch(
      /^Answer only while the primary or a majority can be reached: a copy that is cut off refuses/,
    )
  })

  test('the summary of a run proposes no remedy about leaders if a sum lacks additions', () => {
    const summed = made([
      { p: 1, f: 'add', key: 'a', in: 3, from: 0, to: 5e6, node: 'n1' },
      { p: 2, f: 'read', key: 'a', out: 0, from: 1e9, to: 1.1e9, node: 'n3' },
    ])
    const lacking: Counterexample = {
      ...{ level: 'linearizable', sentence: 'too little', keys: ['a'], culprit: 1 },
      operations: [0, 1].map((operation) => ({ operation, role: 'core' as const })),
    }
    const unexpected = [{ key: 'a', value: 0, operation: 1, count: 1, bounds: [3, 3] }]
    const accounting = { result: 'violated', unexpected, lost: [], duplicated: [], surelyLost: 0 }
    const judged = { ...report('not linearizable', { linearizable: violated(lacking) }), model: 'counter', accounting }
    const run = summary({ report: judged as never, faults: [fault(between, 500, 3000)] })
    const { next } = tellingOf(factsOf({ history: summed, report: judged as never, run }), { history: summed, run })
    expect(next.text).toMatch(/^Let one node make every addition/)
    expect(next.text).not.toMatch(/lead/)
  })

  test('the summary of a run proposes a run without the planted bug, or with stronger settings', () => {
    const run = summary({ report: stale })
    const target = { ...run.spec.target, bug: 'stale-reads' }
    const { next, why } = tellingOfSummary({ ...run, spec: { ...run.spec, target } })
    expect(next).toEqual({
      text: 'Without the planted bug the run should pass.',
      command: 'npx chaos run --target t --time 4s',
    })
    expect(why).toMatchObject({ text: 'The run planted the bug stale-reads.', certainty: 'likely' })
    const weak = { spec: { ...run.spec, target }, weakness: 'reads ask nobody', stronger: { sync: 2 } }
    expect(tellingOfSummary({ ...run, ...weak }).next).toEqual({
      text: 'Without the planted bug, and with sync=2, the run should pass.',
      command: 'npx chaos run --target t --time 4s --set sync=2',
    })
    expect(tellingOfSummary({ ...run, report: fine, spec: { ...run.spec, target } }).next).toEqual({
      text: 'In this run, the planted bug stale-reads violated no expectation. Try twenty seeds.',
      command: 'npx chaos run --target t --time 4s --times 20',
    })
    expect(
      tellingOfSummary({ ...run, weakness: 'replicas lag', stronger: { reads: 'primary', sync: 2 } }).next,
    ).toEqual({
      text: 'Try reads=primary and sync=2.',
      command: 'npx chaos run --target t --time 4s --set reads=primary --set sync=2',
    })
    const merged = { weakness: 'sums replace each other', stronger: { sums: 'merge' }, strongerPromise: 'eventual' }
    const lasting = report('not eventual', {
      linearizable: violated(counterexample),
      eventual: violated(counterexample),
    })
    expect(tellingOfSummary({ ...run, ...merged, report: lasting }).next).toEqual({
      text: 'The settings allow this. Try sums=merge: the target then promises to be eventually consistent.',
      command: 'npx chaos run --target t --time 4s --set sums=merge --expect eventual',
    })
    expect(tellingOfSummary({ ...run, weakness: 'replicas lag' }).next.text).toMatch(/Answer only while|Reads from/)
  })

  test('the summary of a run counts stale reads if the expected level allows them', () => {
    const run = summary({ report: stale, expectation: { level: 'eventual', met: true, promised: true } })
    const phases = [{ phase: 'calm', operations: 9, availability: 1, staleReads: 2 }] as never
    expect(tellingOfSummary({ ...run, phases, convergedAfterHealNanos: ms(47) as never }).why.text).toMatch(
      / 2 reads returned a value that had been replaced; 47 ms after healing, all nodes agreed\.$/,
    )
  })

  test('the summary of a run names the strongest level found if the run met its expectation', () => {
    const expectation = { level: 'eventual', met: true, promised: true } as const
    const { headline, expected } = factsOf({ history, report: fine, run: summary({ report: fine, expectation }) })
    expect([headline.title, expected]).toEqual(['Linearizable', 'promised eventual, found linearizable'])
  })

  test('the summary of a run is headed "Interrupted" if the run was interrupted before it proved anything', () => {
    const { what } = tellingOfSummary(summary({ report: fine, interrupted: true, vacuous: ['no kill was injected'] }))
    expect(what).toBe('Interrupted')
  })

  test('the summary of a run reports a violation even if the run was interrupted or proves little', () => {
    expect(
      tellingOfSummary(summary({ report: stale, interrupted: true, vacuous: ['no successful read'] })).outcome,
    ).toBe('violated')
  })

  test('the summary of a run names the loss in its title even if the verdict is unknown', () => {
    const history = made([
      { p: 1, f: 'write', key: 'x', in: 6, from: ms(1), to: ms(2), node: 'n1' },
      { p: 2, f: 'write', key: 'x', in: 743, from: ms(3), to: ms(4), node: 'n1' },
      ...['n1', 'n2', 'n3'].map((node, i) => ({
        ...{ p: 5, f: 'read', key: 'x', out: 6, final: true, node },
        ...{ from: ms(10 + 2 * i), to: ms(11 + 2 * i) },
      })),
    ])
    const ended: Counterexample = {
      ...{ level: 'eventual', sentence: 'gone.', keys: ['x'], culprit: 2 },
      operations: [0, 1, 2].map((operation) => ({ operation, role: 'core' })),
    }
    const judged = {
      ...report('unknown', { linearizable: unknown('out of time'), eventual: violated(ended) }),
      lost: [{ key: 'x', value: 743, operation: 1 }],
    }
    const run = summary({ report: judged })
    const { what, outcome } = tellingOf(factsOf({ history, report: judged, run }), { history, run })
    expect([outcome, what]).toEqual(['unknown', "p2's confirmed write to x is gone"])
  })
})

describe('the cause of a violation', () => {
  const listening = listeningFor({ history, report: stale })
  if (listening === undefined) throw new Error('nothing to listen for')
  const sent: NodeMessage = {
    ...{ from: 'n1', to: 'n3', type: 'replicate', sentAt: ms(6571), fate: 'lost' },
    carries: { key: 'x', value: 743 },
  }
  const heard = (messages: readonly NodeMessage[], more: Partial<Heard> = {}): Heard => ({
    ...{ listening, messages, isCut: false },
    ...more,
  })
  const why = (more: Partial<RunSummary>) => tellingOfSummary(summary({ report: stale, ...more } as never)).why

  test('the cause of a violation has the certainty "shown" if a recorded message was stopped by a fault', () => {
    const faults = [fault(between, 6000, 9000)]
    const found = why({ faults, heard: heard([{ ...sent, by: 'partition' }]) })
    expect(found.certainty).toBe('shown')
    expect(found.text).toMatch(/partition.*The message with x = 743 to n3 was lost \(partition\)\.$/)
  })

  test('a fault is not the cause of a violation if it hit no message that contained the missed write', () => {
    const faults = [fault(between, 6000, 9000)]
    const late = heard([{ ...sent, fate: 'received', endedAt: ms(7125) }])
    const { text, certainty } = why({ faults, heard: late })
    expect(text).not.toMatch(/partition/)
    expect(text).toMatch(/^The message with x = 743 to n3 was received only at/)
    expect(certainty).toBe('shown')
  })

  test('the cause of a violation may be a decision under a wrong clock, even if the clock is correct again', () => {
    const wrong: Fault = { kind: 'clock', nodes: ['n2'], offsetMs: 60_000, driftPpm: 0 } as never
    const { text, certainty } = why({ faults: [fault(wrong, 1000, 2000)] })
    expect(text).toMatch(
      /^No other fault explains this, but a wrong clock may have effects after it is corrected: .*n2/,
    )
    expect(certainty).toBe('unknown')
  })

  test.each([
    ['before what it ignores', 2000],
    ['while it was asked', 7119],
  ])('if the only fault hit the answering node %s and cannot explain the read, the cause is unknown', (_when, at) => {
    const reset: Fault = { kind: 'reset', links: linksBetween([['n2'], ['n3']]) }
    const { text, certainty } = why({ faults: [fault(reset, at, at)] })
    expect(text).toBe(
      'No fault on the involved nodes at that time explains this, but another fault may: connections reset on 2 links.',
    )
    expect(certainty).toBe('unknown')
    expect(why({ faults: [fault(reset, 7121, 7121)] }).text).toMatch(/^No fault explains this/)
  })

  test('a bit that was flipped long before in the data of the answering node may be the cause of a violation', () => {
    const flipped: Fault = { kind: 'flip-bit', nodes: ['n3'], files: 'data/', at: 0.5, bit: 0 }
    const { text, certainty } = why({ faults: [fault(flipped, 1000, 2000)] })
    expect(text).toMatch(/^Since .*, and for good: a bit of data\/ flipped at n3\.$/)
    expect(certainty).toBe('likely')
    const elsewhere: Fault = { ...flipped, nodes: ['n2'] }
    expect(why({ faults: [fault(elsewhere, 1000, 2000)] }).certainty).toBe('unknown')
  })

  test(`a fault that cut off the reader's node is a "likely" cause if no messages were recorded`, () => {
    expect(why({ faults: [fault(between, 6000, 9000)] }).certainty).toBe('likely')
  })

  test('the cause is unknown if a fault hit only links of clients while a node answered with an older value', () => {
    const lossOfReplies: Fault = {
      kind: 'lose-reply',
      links: [{ from: 'clients', to: 'n3' }],
      probability: 0.2,
    } as never
    expect(why({ faults: [fault(lossOfReplies, 6000, 9000)] }).text).toBe(
      'A fault was in force, but the record does not show whether it is the cause: lose-reply on 1 link. It looks as if a read was answered by a copy that was behind.',
    )
  })

  test.each([
    [
      'during the contradiction',
      6000,
      6600,
      /^A fault was in force, but the record does not show whether it is the cause: /,
    ],
    ['after the contradiction', 7500, 8000, /^No fault explains this: the system does it by itself\./],
  ])(
    'the report names a fault that lost replies of a database only if it acted during the contradiction: %s',
    (_when, from, to, expected) => {
      const lost: Fault = { kind: 'lose-commit-reply', nodes: ['pg'], share: 1 }
      expect(why({ faults: [fault(lost, from, to)] }).text).toMatch(expected)
    },
  )

  test('the cause of a message that was delivered twice may be a lost reply', () => {
    const reply: Fault = { kind: 'lose-reply', links: [{ from: 'clients', to: 'n1' }], probability: 0.2 } as never
    const queued = made([
      { p: 1, f: 'enqueue', key: 'q', in: 5, from: 0, to: 5e6, node: 'n1' },
      { p: 2, f: 'dequeue', key: 'q', out: 5, from: 1e9, to: 1.1e9, node: 'n1' },
      { p: 3, f: 'dequeue', key: 'q', out: 5, from: 2e9, to: 2.1e9, node: 'n1' },
    ])
    const twice: Counterexample = {
      ...counterexample,
      operations: [0, 1, 2].map((operation) => ({ operation, role: 'core' })),
      culprit: 2,
      keys: ['q'],
    }
    const judged = { ...report('not linearizable', { linearizable: violated(twice) }), model: 'queue' }
    const run = summary({ report: judged as never, faults: [fault(reply, 500, 3000)] })
    const { text, certainty } = tellingOf(factsOf({ history: queued, report: judged, run }), {
      history: queued,
      run,
    }).why
    expect([text, certainty]).toEqual([expect.stringMatching(/lose-reply/), 'likely'])
  })

  test('the cause of a lost write is a failover to the answering node, with the known weakness of the settings', () => {
    const unclear = heard([], { unclear: 'not recorded', isCut: true })
    const takeover = fault({ kind: 'failover', nodes: ['n3'] } as never, 6600, 7000)
    const more = { faults: [takeover], heard: unclear, weakness: 'a promotion may lose a commit' }
    expect(why(more)).toMatchObject({
      text: 'n3 was told to take over at 6.600 s; its answer lacks x = 743. A promotion may lose a commit.',
      certainty: 'likely',
    })
    const { next } = tellingOfSummary(summary({ report: stale, ...more } as never))
    expect(next.text).toMatch(/every replica that may take over/)
    const other = fault({ kind: 'failover', nodes: ['n2'] } as never, 6600, 7000)
    expect(why({ ...more, faults: [other] }).text).toMatch(/The last failover had begun at 6\.600 s \(n2\)/)
    const since = fault({ kind: 'failover', nodes: ['n2'] } as never, 7050, 7100)
    expect(why({ ...more, faults: [takeover, since] }).text).toMatch(/^n3 was told to take over at 6\.600 s/)
    const earlier = fault({ kind: 'failover', nodes: ['n3'] } as never, 1000, 2000)
    expect(why({ ...more, faults: [earlier] }).text).not.toMatch(/take over/)
  })

  test('the cause of a violation is unknown if some messages were not recorded', () => {
    const unclear = heard([], { unclear: 'not recorded', isCut: true })
    expect(why({ heard: unclear })).toMatchObject({
      text: 'Not every message was captured, so the explanation may be incomplete.',
      certainty: 'unknown',
    })
  })

  test('the cause of a violation includes the number of lost messages, and the arrival time of a late message', () => {
    const messages: readonly NodeMessage[] = [
      { ...sent, by: 'partition' },
      { ...sent, by: 'partition', sentAt: ms(6600) },
      { ...sent, from: 'n2', fate: 'received', endedAt: ms(7150), sentAt: ms(7000) },
    ]
    expect(why({ faults: [fault(between, 6000, 9000)], heard: heard(messages) }).text).toMatch(
      /2 messages with x = 743 to n3 were lost \(partition\); n3 received it from n2 only at 7\.150 s\.$/,
    )
  })

  test('a stale read is attributed to weak settings if the only matching fault ended before the read', () => {
    const { text } = why({
      weakness: 'reads may miss writes',
      faults: [fault({ ...between, mode: 'drop' }, 6000, 6600)],
    })
    expect(text).toMatch(/^Reads may miss writes\. In force until .* before: partition/)
  })

  test('the cause of two grants of a lock is the end of the lease, even if the run also planted a bug', () => {
    const held = made([
      { p: 0, f: 'acquire', key: 'L', out: 3, from: 1e6, to: 2e6 },
      { p: 1, f: 'acquire', key: 'L', out: 4, from: 400e6, to: 430e6 },
    ])
    const expired: typeof held = {
      ...held,
      header: { chaos: 1, model: 'lock', extra: { lease: { setting: 'ttl-ms', ms: 200 } } } as never,
    }
    const both: Counterexample = {
      ...counterexample,
      operations: [0, 1].map((operation) => ({ operation, role: 'core' })),
      culprit: 1,
      keys: ['L'],
    }
    const judged = { ...report('not linearizable', { linearizable: violated(both) }), model: 'lock' } as never
    const run = summary({ report: judged })
    const planted = { ...run, spec: { ...run.spec, target: { ...run.spec.target, bug: 'early' } } }
    const { why, next } = tellingOf(factsOf({ history: expired, report: judged, run: planted }), {
      history: expired,
      run: planted,
    })
    expect(why.text).toMatch(/lock was for 200 ms/)
    expect([why.text, next.text].join(' ')).not.toMatch(/bug/)
  })

  test('the cause of a violation is the planted bug, and not a delay; a recorded lost message is named too', () => {
    const { spec } = summary({})
    const planted = { spec: { ...spec, target: { ...spec.target, bug: 'early' } }, weakness: 'reads ask nobody' }
    const slow: Fault = { kind: 'latency', links: linksBetween([['n1', 'n2'], ['n3']]), ms: 900 } as never
    expect(why({ ...planted, faults: [fault(slow, 6000, 9000)] })).toMatchObject({
      text: 'The run planted the bug early: reads ask nobody.',
      certainty: 'likely',
    })
    const faults = [fault(between, 6000, 9000)]
    expect(why({ ...planted, faults }).text).toMatch(/^The run planted the bug early: .*In force then: partition/)
    const shown = why({ ...planted, faults, heard: heard([{ ...sent, by: 'partition' }]) })
    expect(shown.text).toMatch(/^The run planted the bug early: .*The message .* was lost \(partition\)\.$/)
    expect(shown.certainty).toBe('shown')
    expect(shown.settings).not.toContain('early')
  })

  test('a planted bug that a history file names is the cause, and the next step is a run without the bug', () => {
    const run = summary({ report: stale, again: 'npx chaos run --target t --bug early' })
    const setup = { ...run, spec: { ...run.spec, target: { ...run.spec.target, bug: 'early' } } }
    const checked = tellingOf(factsOf({ history, report: stale, setup }), { history, again: 'npx chaos check h.jsonl' })
    expect(checked.why.text).toBe('The run planted the bug early.')
    expect(checked.next.command).toBe('npx chaos run --target t')
  })

  test('the cause of a violation includes the settings of the target', () => {
    const run = summary({ report: stale })
    const spec = { ...run.spec, target: { ...run.spec.target, settings: { r: 2, w: 3 } } }
    expect(tellingOfSummary({ ...run, spec }).why.settings).toMatch(/^r=2, w=3, \d+ nodes?$/)
    const weak = tellingOfSummary({ ...run, spec, weakness: 'reads may miss writes' }).why
    expect(weak).toMatchObject({ text: 'Reads may miss writes.', certainty: 'likely' })
    expect(weak.settings).toMatch(/^r=2, w=3, \d+ nodes?$/)
    const faults = [fault(between, 6000, 9000)]
    const cut = tellingOfSummary({ ...run, spec, faults, weakness: 'reads may miss writes' }).why
    expect(cut.text).toMatch(/^Reads may miss writes\. In force then: partition/)
  })
})

test('withOption replaces the old value of an option in a command', () => {
  expect(withOption("npx chaos run --time '4 s' --seed 1", 'time', '20s')).toBe('npx chaos run --seed 1 --time 20s')
  expect(withOption('npx chaos run --times 3 --time=4s', 'time', '20s')).toBe('npx chaos run --times 3 --time 20s')
})

test('the next step after chaos run --spec contains only options that --spec accepts', () => {
  const again = 'npx chaos run --spec r/run.json'
  expect(withOption(again, 'time', '20s')).toBeUndefined()
  expect(withOption(again, 'times', '20')).toBe(`${again} --times 20`)
  const run = summary({ report: fine, vacuous: ['no kill was injected'], lacks: ['faults'] })
  const { next } = tellingOf(factsOf({ history, report: fine, run }), { history, run, again })
  expect(next).toEqual({ text: 'Give the faults time to take effect.', command: undefined })
})

test('the next step after a run whose faults could not be injected is to remove the cause of the warnings', () => {
  const trouble = ['fault-1 (kill) could not be injected: no permission']
  const run = summary({ report: fine, vacuous: ['no kill was injected'], lacks: ['faults'], trouble })
  const { next } = tellingOf(factsOf({ history, report: fine, run }), { history, run, again: 'npx chaos run' })
  expect(next).toEqual({ text: 'Remove the cause of the warnings.', command: 'npx chaos run' })
})

test('the summary of a history file without a run states how many operations were judged', () => {
  const judged = made([{ p: 1, f: 'write', key: 'x', in: 1, from: 0, to: 5 }])
  const { outcome, why, next } = tellingOf(factsOf({ history: judged, report: fine }), { history: judged })
  expect([outcome, why.text, next.command]).toEqual(['met', '1 operation was judged.', undefined])
})

describe('a violation of a custom model', () => {
  const singleUse: Model<boolean> = {
    ...{ name: 'single use', functions: ['redeem'], initial: false },
    apply: (isUsed) => [true, !isUsed],
    key: String,
  }
  const redeem = { f: 'redeem', key: 'code-7', in: true, out: true, node: 'n1' }
  const twice = made([
    { ...redeem, p: 0, from: ms(1), to: ms(3) },
    { ...redeem, p: 1, from: ms(2), to: ms(4) },
  ])
  const judged = check(twice, {
    ...{ model: singleUse, initial: false, levels: ['linearizable'], failedCas: 'drop' as const, memoryBytes: 1e9 },
    ...{ deadlineMs: millis(60_000), now: () => millis(0) },
  })
  const part = { request: { process: 'p0', f: 'redeem', key: 'code-7' }, file: 'codes.ts', from: ms(1), to: ms(3) }
  const race: Race = {
    ...{ sentence: '', rows: [], turns: { overtaken: [], by: [] } },
    ...{ overtaken: { ...part, lines: [7, 7] }, by: { ...part, lines: [6, 8] } },
  }

  test('a violation of a custom model has no next step, because no remedy is known', () => {
    const telling = tellingOf(factsOf({ history: twice, report: judged }), { history: twice, again: 'again' })
    expect(telling).toMatchObject({ outcome: 'violated', next: { text: '' } })
    expect(answersOf(telling).map(([name]) => name)).toEqual(['Why'])
    expect(explain({ report: judged, history: twice }).causes).toEqual([])
  })

  test('the next step for a violation of a custom model is the remedy for a race if there is a race', () => {
    const answers = Object.fromEntries(tellingOfHistory(twice, judged, 'linearizable', race).answers)
    expect(answers['Next']).toMatch(/^Read and change in one step /)
  })

  test('the next step for a violation of the built-in model bag is "Read and change in one step"', () => {
    const { next } = tellingOf(factsOf({ history: twice, report: { ...judged, model: 'bag' } }), { history: twice })
    expect(next.text).toMatch(/^Read and change in one step /)
  })
})
