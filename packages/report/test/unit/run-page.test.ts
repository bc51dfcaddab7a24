import type { Report, Verdict } from '@chaosproxy/checker'
import { linksBetween } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { implied } from '../../../checker/src/levels/levels.ts'
import { allMet, met, ms, ns, report, staleRead, summary, violated } from '../../../testing/src/timeline.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { renderHtml } from '../../src/html/page.ts'
import { whole } from '../../src/terminal/brevity.ts'
import { expectationLines, type RunPageOptions, renderRun } from '../../src/terminal/run-page.ts'
import { plainStyle, unicodeSymbols } from '../../src/terminal/style.ts'
import { displayWidth } from '../../src/terminal/width.ts'

const options: RunPageOptions = {
  width: 100,
  unicode: true,
  historyFile: 'chaos-results/r/history.jsonl',
  reportFile: 'chaos-results/r/report.html',
  again: 'npx chaos run --target primary-replica --seed 4417',
  exitCode: 1,
}

const partition = {
  id: 'fault-1',
  fault: { kind: 'partition', links: linksBetween([['n1'], ['n2', 'n3']]), mode: 'hold' },
  from: ms(11_870),
  to: ms(14_310),
  hits: 12,
} as const

describe('the terminal page of a run', () => {
  const stale = staleRead()
  const run = summary({
    report: stale.report,
    expectation: { level: 'linearizable', met: false },
    convergedAfterHealNanos: ms(340),
    operations: { total: 58_113, ok: 57_900, fail: 65, info: 148, reads: 29_000, writes: 29_113, cas: 0 },
    faults: [
      partition,
      { id: 'fault-2', fault: { kind: 'kill', nodes: ['n2'] }, from: ms(15_870), to: ms(16_310), hits: 0 },
    ],
    phases: [
      {
        phase: 'calm',
        majority: true,
        share: 0.41,
        operations: 23_000,
        availability: 1,
        p50Nanos: ns(0.9e6),
        p99Nanos: ns(3.1e6),
      },
      {
        phase: 'partition',
        majority: true,
        share: 0.59,
        operations: 3000,
        availability: 0.9612,
        p50Nanos: ns(1e6),
        p99Nanos: ms(412),
        slowestRecoveryNanos: ms(610),
      },
    ],
  })
  const page = renderRun(run, stale.history, plainStyle, options)

  test('the terminal page draws a lane per node, the fault, and the reason beside the impossible read', () => {
    expect(page).toContain(
      `
  Why it is not linearizable, in four operations, key "x", during partition {n1 | n2 n3}:

        time     n1              n2           n3
    11.861 s     ┌ p2 write 6
    11.862 s     └ ok
    11.866 s                                  ┌ p4 read
    11.867 s                                  └ 6
    ⋮ 164 ms
    12.031 s  ▒  ┌ p2 write 7
    12.033 s  ▒  └ ok ────────╮
    12.034 s  ▒               ╰─ ┌ p4 read
    12.035 s  ▒                  └ 6   ✘ write 7 was acknowledged 1.0 ms before this read began

    ▒ partition {n1 | n2 n3}, 11.870 s to 14.310 s
`,
    )
  })

  test('the terminal page begins with the loss, the verdict and the cause, and ends with the exit code', () => {
    const lines = page.split('\n')
    expect(lines[1]).toBe("  p2's confirmed write was missing at n2")
    expect(lines[2]).toMatch(/^ {2}NOT LINEARIZABLE {3,}checked 58,113 operations in 210 ms$/)
    expect(lines[3]).toMatch(/^ {2}likely why: In force then: partition \{n1 \| n2 n3\}, since 11\.870 s\.$/)
    expect(lines.at(-2)).toMatch(/^ {2}expected linearizable, found eventual .* exit code 1$/)
  })

  test('the terminal page names all violated levels if the levels of the model are not ranked', () => {
    const { counterexample } = stale.report.levels.linearizable as Extract<Verdict, { result: 'violated' }>
    const levels = { faithful: violated(counterexample), ordered: met, reliable: violated(counterexample) }
    const watched: Report<string> = { ...stale.report, model: 'watch', headline: 'not faithful: leaves gaps', levels }
    const lines = expectationLines(
      factsOf({
        history: stale.history,
        report: watched,
        expectation: { level: 'faithful', met: false, promised: true },
      }),
      1,
      { ...options, style: plainStyle, symbols: unicodeSymbols, brevity: whole },
    )
    expect(lines.join('\n')).toMatch(/^promised faithful, found not reliable .*exit code 1$/)
  })

  test('the last line of the terminal page counts the requirements that are not met', () => {
    const requirements = [true, false, 'unknown' as const].map((met) => ({ requirement: 'r', met, found: '', why: '' }))
    const facts = factsOf({
      ...{ history: stale.history, report: stale.report, requirements },
      expectation: { level: 'causal', met: true, promised: true },
    })
    const page = { ...options, style: plainStyle, symbols: unicodeSymbols, brevity: whole }
    expect(expectationLines(facts, 1, page).join('\n')).toMatch(
      /^promised causal, found .*; 2 requirements not met.*exit code 1$/s,
    )
  })

  test('the terminal page says "found only session guarantees" if a run met only the four guarantees of a session', () => {
    const { counterexample } = stale.report.levels.linearizable as Extract<Verdict, { result: 'violated' }>
    const levelsBelow = ['sequential', 'causal', 'causal-memory', 'causal-convergence', 'pram', 'session', 'eventual']
    const broken = Object.fromEntries(
      ['linearizable', ...levelsBelow].map((level) => [level, violated(counterexample)] as const),
    )
    const guarantees = Object.fromEntries(implied.session.map((level) => [level, met] as const))
    const weak = summary({
      report: report('not even eventually consistent', { ...broken, ...guarantees }),
      expectation: { level: 'sequential', met: false },
    })
    expect(renderRun(weak, stale.history, plainStyle, options)).toContain(
      'expected sequential, found only session guarantees',
    )
    const text = renderHtml({
      title: 'one',
      version: '0.1.0',
      historyFile: 'h',
      history: stale.history,
      report: weak.report,
      run: weak,
    })
    expect(text).not.toMatch(/class="tag">found/)
  })

  test('the terminal page counts the faults that took effect, and names the faults that did not', () => {
    const whole = renderRun(run, stale.history, plainStyle, { ...options, reportFile: undefined })
    expect(whole).toContain('faults that took effect: 1 of 1 partition, 0 of 1 kill')
    expect(whole).toContain('had no effect, so tested nothing: n2 killed at 15.870 s')
  })

  test('the row of a fault reports that no later operation was answered', () => {
    const { history } = stale
    const pageOf = (recoveryNanos: typeof partition.from | undefined) =>
      renderHtml({
        ...{ title: 'one', version: '0.1.0', historyFile: 'h', history, report: stale.report },
        run: { ...run, faults: [{ ...partition, recoveryNanos }] },
      })
    expect(pageOf(undefined)).toContain('<td>no later answer</td>')
    expect(pageOf(ms(610))).toContain('<td>610 ms</td>')
  })

  test('the terminal page cites the lines of the history', () => {
    expect(page).toContain('history.jsonl, lines 2–9')
  })

  test('the terminal page passes one text at a time to each of its style functions, such as `bold`', () => {
    const joins = (...texts: unknown[]): string => texts.join(' ')
    const joining = { bold: joins, dim: joins, red: joins, green: joins, yellow: joins, accent: joins }
    const idle = { ...run, vacuous: ['no successful read'] }
    expect(renderRun(idle, stale.history, joining, options)).toBe(renderRun(idle, stale.history, plainStyle, options))
    const narrow = { ...options, width: 60, unicode: false }
    expect(renderRun(run, stale.history, joining, narrow)).toBe(renderRun(run, stale.history, plainStyle, narrow))
  })

  test('the terminal page has a row for each phase if there is room, and otherwise only a percentage', () => {
    expect(page).toContain('availability: calm 100.00% · partition 96.12%')
    const roomy = renderRun(run, stale.history, plainStyle, { ...options, reportFile: undefined })
    expect(roomy).toMatch(/\n {2}partition +59% +96\.12% +1\.0 ms +412 ms +3,000 +610 ms\n/)
  })

  test('the terminal page stays within a narrow width', () => {
    for (const width of [60, 80, 100, 140])
      for (const line of renderRun(run, stale.history, plainStyle, { ...options, width }).split('\n'))
        if (!line.includes('npx')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
  })

  test('the terminal page of a run fits on one screen', () => {
    for (const width of [80, 100]) {
      const lines = renderRun(run, stale.history, plainStyle, { ...options, width }).split('\n')
      expect(lines.length - 1).toBeLessThanOrEqual(40)
    }
  })

  test('the terminal page uses only ASCII if Unicode is off', () => {
    const sentence = 'process 4 read 6'
    const plain = report('x', {
      linearizable: violated({
        level: 'linearizable',
        sentence,
        keys: [],
        culprit: 3,
        operations: [2, 3].map((operation) => ({ operation, role: 'core' as const })),
      }),
    })
    const text = renderRun({ ...run, report: plain }, stale.history, plainStyle, { ...options, unicode: false })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with them
    expect(text).toMatch(/^[\u0000-\u007f]*$/)
  })

  test('the terminal page has one row for a met level, and one row for all levels that follow from it', () => {
    const text = renderRun(summary({ report: allMet() }), stale.history, plainStyle, { ...options, exitCode: 0 })
    expect(text).toMatch(/^\n {2}LINEARIZABLE /)
    expect(text).toMatch(/^ {2}linearizable +✔ met\n {2}sequential … convergent +✔ follow from it$/m)
    expect(text).not.toContain('Why')
  })

  test('the terminal page gives the reason at the top if the run proves nothing', () => {
    const text = renderRun(
      summary({ report: allMet(), vacuous: ['no successful read'] }),
      stale.history,
      plainStyle,
      options,
    )
    expect(text).toContain('why: no successful read')
    expect(text).toContain('no violation found')
  })

  test('the terminal page of a violated run does not state that the run proves little', () => {
    const text = renderRun({ ...run, vacuous: ['no message was dequeued'] }, stale.history, plainStyle, options)
    expect(text).not.toContain('proves little')
  })

  test('the terminal page says only once that a run proves little, even if the run missed a requirement', () => {
    const missed = { requirement: 'lost == 0', met: false, actual: '1' } as never
    const text = renderRun(
      summary({
        ...{ report: allMet(), vacuous: ['no write succeeded'], requirements: [missed] },
        expectation: { level: 'linearizable', met: 'unknown' },
      }),
      stale.history,
      plainStyle,
      options,
    )
    expect(text.match(/proves little/g)).toHaveLength(1)
    expect(text).toContain('proves little: no write succeeded')
  })

  test('the terminal page counts which uncertain operations happened, cannot have happened, or are undecided', () => {
    const found = { ...allMet(), info: { total: 148, happened: 91, undecided: 17 } }
    expect(renderRun(summary({ report: found }), stale.history, plainStyle, options)).toContain(
      '148 operations have an unknown outcome: 91 found to have happened, 40 cannot have, 17 undecided',
    )
  })
})
