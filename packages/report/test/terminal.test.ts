import type { Report, Verdict } from '@chaosproxy/checker'
import { linksBetween } from '@chaosproxy/faults'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { implied } from '../../checker/src/levels/levels.ts'
import { factsOf } from '../src/facts/facts.ts'
import { renderHtml } from '../src/html/page.ts'
import { renderCheck, renderCheckTable } from '../src/terminal/check-page.ts'
import { expectationLines, type RunPageOptions, renderRun } from '../src/terminal/run-page.ts'
import { plainStyle, unicodeSymbols } from '../src/terminal/style.ts'
import { table } from '../src/terminal/table.ts'
import { clip, displayWidth, wrap } from '../src/terminal/width.ts'
import { allMet, made, met, ms, ns, report, staleRead, summary, unknown, violated } from './timeline.ts'

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

describe('the page at the end of a run', () => {
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

  test('draws the contradiction with a lane per node, the fault shaded, and the reason beside the impossible read', () => {
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
    12.034 s  ▒               ╰▸ ┌ p4 read
    12.035 s  ▒                  └ 6   ✘ write 7 was acknowledged 1.0 ms before this read began

    ▒ partition {n1 | n2 n3}, 11.870 s to 14.310 s
`,
    )
  })

  test('begins with the verdict and what was asked next, and ends with the expectation and the exit code', () => {
    const lines = page.split('\n')
    expect(lines[1]).toMatch(/^ {2}NOT LINEARIZABLE {3,}checked 58,113 operations in 210 ms$/)
    expect(lines[2]).toBe('  sequential? not known · eventual? yes, 340 ms after healing')
    expect(lines.at(-2)).toMatch(/^ {2}expected linearizable, found eventual .* exit code 1$/)
  })

  test('names what is broken of levels that stand side by side', () => {
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
      { ...options, style: plainStyle, symbols: unicodeSymbols },
    )
    expect(lines.join('\n')).toMatch(/^promised faithful, found not reliable .*exit code 1$/)
  })

  test('never sums a history up by a single session guarantee', () => {
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
    expect(renderRun(weak, stale.history, plainStyle, options)).toContain('expected sequential, found none')
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

  test('says which faults took effect, and names those that did not', () => {
    expect(page).toContain('faults that took effect: 1 of 1 partition, 0 of 1 kill')
    expect(page).toContain('had no effect, so tested nothing: n2 killed at 15.870 s')
  })

  test('cites the lines of the history', () => {
    expect(page).toContain('history.jsonl, lines 2–9')
  })

  test('hands a style one text at a time, as styles that join all they are given need it', () => {
    const joins = (...texts: unknown[]): string => texts.join(' ')
    const joining = { bold: joins, dim: joins, red: joins, green: joins, yellow: joins, accent: joins }
    const idle = { ...run, vacuous: ['no successful read'] }
    expect(renderRun(idle, stale.history, joining, options)).toBe(renderRun(idle, stale.history, plainStyle, options))
    const narrow = { ...options, width: 60, unicode: false }
    expect(renderRun(run, stale.history, joining, narrow)).toBe(renderRun(run, stale.history, plainStyle, narrow))
  })

  test('has a row per phase', () => {
    expect(page).toMatch(/\n {2}partition +59% +96\.12% +1\.0 ms +412 ms +3,000 +610 ms\n/)
  })

  test('stays within its width, however narrow', () => {
    for (const width of [60, 80, 100, 140])
      for (const line of renderRun(run, stale.history, plainStyle, { ...options, width }).split('\n'))
        if (!line.includes('npx')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
  })

  test('uses only ASCII where it must', () => {
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

  test('a met run says so in one row, and what follows in another', () => {
    const text = renderRun(summary({ report: allMet() }), stale.history, plainStyle, { ...options, exitCode: 0 })
    expect(text).toMatch(/^\n {2}LINEARIZABLE /)
    expect(text).toMatch(/^ {2}linearizable +✔ met\n {2}sequential … convergent +✔ follow from it$/m)
    expect(text).not.toContain('Why')
  })

  test('a met run that proves nothing says why, at the top', () => {
    const text = renderRun(
      summary({ report: allMet(), vacuous: ['no successful read'] }),
      stale.history,
      plainStyle,
      options,
    )
    expect(text).toContain('⚠ proves less than it seems to: no successful read')
    expect(text).toContain('but this proves less than it seems to')
  })

  test('unknown outcomes are counted by what was found out about them', () => {
    const found = { ...allMet(), info: { total: 148, happened: 91, undecided: 17 } }
    expect(renderRun(summary({ report: found }), stale.history, plainStyle, options)).toContain(
      '148 operations have an unknown outcome: 91 found to have happened, 40 cannot have, 17 undecided',
    )
  })
})

describe('the drawing', () => {
  const draw = (history: ReturnType<typeof made>, culprit: number | undefined, width = 100): string => {
    const operations = Array.from({ length: history.operations.length }, (_, operation) => ({
      operation,
      role: 'core' as const,
    }))
    const verdict = violated({ level: 'linearizable', sentence: 's', keys: ['x'], culprit, operations })
    return renderCheck(report('x', { linearizable: verdict }), history, plainStyle, {
      width,
      unicode: true,
      file: 'h.jsonl',
      parseMs: 1,
      checkMs: 1,
    })
  }

  test('operations that overlap on one node stand side by side, and an unanswered one stays open', () => {
    const text = draw(
      made([
        { p: 1, f: 'write', in: 1, from: 1e6, to: 4e6, node: 'n1' },
        { p: 2, f: 'read', out: 1, from: 2e6, to: 3e6, node: 'n1' },
        { p: 3, f: 'write', in: 2, from: 2.5e6, node: 'n1' },
      ]),
      undefined,
    )
    expect(text).toContain(`
        time     n1
    0.0010 s     ┌ p1 write 1
    0.0020 s     │              ┌ p2 read
    0.0025 s     │              │           ┌ p3 write 2
    0.0030 s     │              └ 1         ┊
    0.0040 s     └ ok                       ┊
                                            ┊ no answer
`)
  })

  test('an operation of unknown outcome is not said to have been acknowledged', () => {
    const drawn = (unknown: boolean): string =>
      draw(
        made([
          {
            p: 1,
            f: 'write',
            in: 2,
            from: 1e6,
            to: 2e6,
            node: 'n1',
            ...(unknown ? ({ type: 'info' } as const) : {}),
          },
          { p: 2, f: 'read', out: 1, from: 3e6, to: 4e6, node: 'n1' },
        ]),
        1,
      )
    expect(drawn(false)).toContain('✘ write 2 was acknowledged 1.0 ms before this read began')
    expect(drawn(true)).toContain('✘ no order of these operations explains this')
  })

  test('the way leads leftwards too', () => {
    const text = draw(
      made([
        { p: 1, f: 'write', in: 7, from: 1e6, to: 2e6, node: 'n2' },
        { p: 2, f: 'read', out: 6, from: 3e6, to: 4e6, node: 'n1' },
      ]),
      1,
    )
    expect(text).toContain(`
       time     n1           n2
    0.001 s                  ┌ p1 write 7
    0.002 s                ╭─└ ok
    0.003 s     ┌ p2 read ◂╯
    0.004 s     └ 6   ✘ write 7 was acknowledged 1.0 ms before this read began
`)
    expect(text).toContain('✘ write 7 was acknowledged 1.0 ms before this read began')
  })

  test('without times it counts lines, and without nodes it has a lane per process', () => {
    const text = draw(
      made([
        { p: 1, f: 'write', in: 7, from: 0, to: 1 },
        { p: 2, f: 'read', out: 6, from: 2, to: 3 },
      ]),
      1,
    )
    expect(text).toContain(`
    line     p1           p2
       2     ┌ write 7
       3     └ ok ─────╮
       4               ╰▸ ┌ read
       5                  └ 6   ✘ write 7 was acknowledged before this read began
`)
  })

  test('what does not fit is listed, an operation a line', () => {
    const many = made(
      Array.from({ length: 9 }, (_, i) => ({
        p: i,
        f: 'write',
        in: 'a value that is rather long',
        from: i * 1e6,
        to: 2e7 + i * 1e6,
        node: `n${i}`,
      })),
    )
    expect(draw(many, undefined, 80)).toMatch(/p8 write "a value that is rather lon… → ok/)
  })
})

describe('the table of several files', () => {
  const stale = staleRead()

  test('has a line for each file, and says what is wrong with those it could not check', () => {
    const text = renderCheckTable(
      [
        { file: 'etcd_007.log', report: allMet(), history: stale.history, elapsedMs: 4, vacuous: [] },
        {
          file: 'big.jsonl',
          report: stale.report,
          history: stale.history,
          elapsedMs: 1400,
          vacuous: ['no read succeeded'],
        },
        { file: 'notes.txt', trouble: 'notes.txt: line 1 is neither JSON nor EDN' },
      ],
      plainStyle,
      { width: 100, unicode: true },
    )
    expect(text).toMatch(/etcd_007\.log +register +4 +✔ +✔ +✔ +✔ +4\.0 ms/)
    expect(text).toMatch(/big\.jsonl +register +4 +✘ line 8 +\? out of time after… +\? not asked for +✔ +1\.40 s/)
    expect(text).toContain('✘ notes.txt: line 1 is neither JSON nor EDN')
    expect(text).toContain('⚠ big.jsonl proves less than it seems to: no read succeeded')
  })

  test('is no wider than the terminal: reasons are shortened, then left out', () => {
    const row = {
      file: 'a-rather-long-name-of-a-file.jsonl',
      report: stale.report,
      history: stale.history,
      elapsedMs: 4,
      vacuous: [],
    }
    for (const width of [80, 90, 100, 120, 140])
      for (const line of renderCheckTable([row], plainStyle, { width, unicode: true }).split('\n'))
        expect(displayWidth(line), line).toBeLessThanOrEqual(width)
  })

  test('whatever the cells hold, all rows are equally wide', () => {
    const cell = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('✔', '数据库', 'é', '🙂'))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), (rows) => {
        const clean = rows.map((row) => row.map((text) => text.replace(/\p{C}/gu, '')))
        const lines = table([{ title: 'a' }, { title: 'b', align: 'right' }, { title: 'c' }], clean, (text) => text)
        expect(new Set(lines.map(displayWidth)).size).toBe(1)
      }),
    )
  })
})

describe('hostile text', () => {
  test('a history cannot write control sequences to the terminal', () => {
    const evil = '\u001b[2J\u0007\u202e'
    const history = made(
      [
        { p: 0, f: `write${evil}`, key: evil, in: evil, from: 1e6, to: 2e6, node: evil },
        { p: 1, f: 'read', key: evil, out: evil, type: 'fail', error: evil, from: 3e6, to: 4e6, node: evil },
      ],
      [],
      [evil, evil],
    )
    const bad = report(evil, {
      linearizable: violated({
        level: 'linearizable',
        sentence: evil,
        keys: [evil],
        culprit: 1,
        operations: [0, 1].map((operation) => ({ operation, role: 'core' as const })),
      }),
      sequential: unknown(evil),
    })
    const text = renderCheck(bad, history, plainStyle, { width: 90, unicode: true, file: evil, parseMs: 1, checkMs: 1 })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })
})

test('wrapped lines fit, and lose no word', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 12, max: 40 }), (words, width) => {
      const lines = wrap(words.join(' '), width)
      expect(lines.join(' ')).toBe(words.join(' '))
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width)
    }),
  )
})

test('clipped text fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      expect(displayWidth(clip(text, width))).toBeLessThanOrEqual(Math.max(width, 1))
    }),
  )
})
