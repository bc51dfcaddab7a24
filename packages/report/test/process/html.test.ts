import type { Event } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allMet, made, ns, report, staleRead, unknown, violated } from '../../../testing/src/timeline.ts'
import { decode } from '../../src/browser/decode.ts'
import { renderHtml } from '../../src/html/page.ts'
import type { Page } from '../../src/html/page-input.ts'
import { linesOf, outcomeName, printable } from '../../src/operation-words.ts'
import type { WrittenProof } from '../../src/proof.ts'
import { sampleRun } from '../sample-run.ts'

const page = (more: Partial<Page> & Pick<Page, 'history'>): Page => ({
  title: 'primary-replica, 3 nodes',
  version: '0.1.0',
  historyFile: 'history.jsonl',
  ...more,
})

/** Returns the data of the page's script. As in a browser, the data ends at the first `</script`. */
const embedded = (text: string) => {
  const start = text.indexOf('id="data">') + 'id="data">'.length
  return JSON.parse(text.slice(start, text.indexOf('</script', start)))
}

describe('the HTML report', () => {
  const stale = staleRead()
  const text = renderHtml(page({ history: stale.history, report: stale.report, exitCode: 1 }))

  test('the HTML report loads no external resources', () => {
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(text).not.toMatch(/@import|url\((?!#)/)
    expect(text).toContain("default-src 'none'")
  })

  test('the HTML report shows the verdict, the cause and the drawing before the levels and the timeline', () => {
    const order = [
      'id="verdict"',
      'class="standing"',
      'class="lede"',
      'class="why-svg"',
      'class="ladder"',
      'id="explorer"',
    ]
    const places = order.map((mark) => text.indexOf(mark))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  test('the HTML report marks the impossible read, shows the values that it could return, and cites its lines', () => {
    expect(text).toMatch(/class="bar read bad"/)
    expect(text).toContain('x could only be 7')
    expect(text).toContain('x could only be 7.')
    expect(text).toContain('lines 8–9')
  })

  test.each(['dequeue', 'poll', 'generate'])('the HTML report draws a %s with its returned value', (f) => {
    const history = made([
      { p: 1, f: 'enqueue', in: 7, from: 1e6, to: 2e6 },
      { p: 2, f, out: 8, from: 3e6, to: 4e6 },
    ])
    const linearizable = violated({
      level: 'linearizable',
      sentence: `process 2's ${f} returned 8`,
      operations: [0, 1].map((operation) => ({ operation, role: 'core' as const })),
      keys: [],
      culprit: 1,
    })
    const text = renderHtml(page({ history, report: report('not linearizable', { linearizable }), exitCode: 1 }))
    expect(text).toMatch(/class="bar write"/)
    expect(text).toMatch(/class="bar read bad"/)
    expect(text).toContain(`${f} → 8`)
    expect(embedded(text)).toMatchObject({ functions: ['enqueue', f], telling: [false, true] })
  })

  test('the HTML report states the result of each level in words, not only by colour', () => {
    expect(text).toMatch(/<li class="violated">.*?Linearizable.*?<p class="result">violated<\/p>/s)
    expect(text).toMatch(
      /<li class="unknown">.*?Sequential.*?<p class="result">unknown<\/p><p class="why">out of time/s,
    )
  })

  test('the HTML report shows no possible values of a read that the drawn operations allow', () => {
    const history = made([
      { p: 1, f: 'write', in: 7, from: 1e6, to: 9e6 },
      { p: 2, f: 'read', out: 6, from: 3e6, to: 4e6 },
    ])
    const operations = [0, 1].map((operation) => ({ operation, role: 'core' as const }))
    const linearizable = violated({ level: 'linearizable', sentence: 's', keys: [], operations, culprit: 1 })
    expect(renderHtml(page({ history, report: report('x', { linearizable }) }))).not.toContain('class="ribbon"')
  })

  test('the HTML report draws a cycle of operations with an arrow and a reason for each step', () => {
    const history = made([
      { p: 1, f: 'write', in: 1, from: 1e6, to: 2e6 },
      { p: 2, f: 'read', out: 1, from: 3e6, to: 4e6 },
    ])
    const sequential = violated({
      level: 'sequential',
      sentence: 's',
      keys: [],
      operations: [0, 1].map((operation) => ({ operation, role: 'core' as const })),
      edges: [
        { before: 0, after: 1, reason: 'reads from' },
        { before: 1, after: 0, reason: 'overwritten before' },
      ],
    })
    const drawn = renderHtml(page({ history, report: report('x', { sequential }) }))
    expect(drawn.match(/class="edge"/g)).toHaveLength(2)
    expect(drawn).toContain('overwritten before')
  })

  test('the HTML report is rendered even if the history is empty or was not checked', () => {
    expect(renderHtml(page({ history: made([]) }))).toContain('Not checked')
    expect(renderHtml(page({ history: made([]), report: allMet() }))).toContain('All 0 operations fit one order')
  })
})

describe('the HTML report of a run with a proof', () => {
  const proof: WrittenProof = {
    written: { file: 'p.jsonl', history: 'h.jsonl' },
    levels: [
      { level: 'linearizable', result: 'met', verdict: 'accepted', why: '' },
      { level: 'eventual', result: 'met', verdict: 'undecided', why: 'no final reads' },
    ],
  }
  const embedded = { history: 'the </script> history', proof: 'the proof', verifier: 'var verifier = {}' }
  const before = renderHtml(page({ history: made([]) }))
  const added = (of: WrittenProof): string => {
    const text = renderHtml(page({ history: made([]), proof: of }))
    const start = text.indexOf('<section aria-labelledby="proof">')
    expect(text.slice(0, start)).toBe(before.slice(0, start))
    return text.slice(start)
  }

  test('the HTML report shows the command that verifies the proof, and a button if it embeds the history', () => {
    for (const text of [added(proof), added({ ...proof, embedded })]) {
      expect(text).toContain('Proves the verdicts on linearizable.')
      expect(text).toContain('No proof of eventual: no final reads.')
      expect(text).toContain('chaos verify h.jsonl p.jsonl')
    }
    expect(added(proof)).not.toContain('id="verify"')
    const whole = added({ ...proof, embedded })
    expect(whole).toContain('<button id="verify" type="button">Verify</button>')
    expect(whole).toContain('>"the \\u003c/script\\u003e history"<')
    expect(whole).toContain('var verifier = {}')
  })

  test('the HTML report equals the report without a proof if no level has a proof', () => {
    expect(renderHtml(page({ history: made([]), proof: { ...proof, written: undefined } }))).toBe(before)
  })
})

describe('the operations embedded in an HTML report', () => {
  test('the operations in an HTML report equal those of the history, with times to the microsecond', () => {
    const { history } = sampleRun(500)
    const { callTime, process, f, key, node, input, output } = history.operations
    const data = embedded(renderHtml(page({ history })))
    const decoded = decode(data)
    expect(decoded).toHaveLength(history.operations.length)
    for (const [row, operation] of decoded.entries()) {
      expect(operation).toMatchObject({
        call: 1000 * Math.round(callTime[row]! / 1000),
        outcome: outcomeName(history, row),
        // For null and small integers, the report uses the same numeric codes as the history.
        ...{ input: input[row], output: output[row] },
      })
      expect([operation.line, operation.endLine].filter((line) => line > 0)).toEqual(linesOf(history, row))
      expect(data.processes[operation.process]).toBe(`p${history.processName(process[row]!)}`)
      expect(data.functions[operation.f]).toBe(history.functions[f[row]!])
      expect(data.keys[operation.key]).toBe(history.keys[key[row]!])
      expect(data.nodes[operation.node]).toBe(history.nodes[node[row]!])
      expect(data.errors[operation.error]).toBe(history.errorOf(row))
    }
  })

  test('an HTML report of 200,000 operations stays below 3 MB, and states which operations it omits', () => {
    const { history, run } = sampleRun(200_000)
    const text = renderHtml(page({ history, run, report: run.report }))
    expect(text.length).toBeLessThan(3_000_000)
    expect(text).toMatch(
      /[\d,]+ of 200,005 operations: all within .* of a contradiction or of the start or end of a fault/,
    )
    const data = embedded(text)
    expect(data.count).toBeLessThanOrEqual(60_010)
    expect(decode(data).filter(({ accused }) => accused)).toHaveLength(5)
  })
})

test('an HTML report on 40,000 different long values, keys and errors is below 8 MB', () => {
  const text = (name: string, i: number): string => `${name}-${i}-`.padEnd(300, 'x')
  const operations = Array.from({ length: 40_000 }, (_, i) => ({
    p: i,
    f: 'write',
    key: text('key', i % 5000),
    in: text('value', i),
    from: i * 1e5,
    to: i * 1e5 + 9e4,
    type: 'info' as const,
    error: text('error', i),
  }))
  expect(renderHtml(page({ history: made(operations) })).length).toBeLessThan(8_000_000)
})

test('an HTML report draws a counterexample of many operations in part, with the number of omitted operations', () => {
  const made90 = Array.from({ length: 90 }, (_, i) => ({ p: i, f: 'write', in: i, from: i * 1e6, to: i * 1e6 + 5e5 }))
  const operations = made90.map((_, operation) => ({ operation, role: 'core' as const }))
  const linearizable = violated({ level: 'linearizable', sentence: 's', keys: [], operations })
  const text = renderHtml(page({ history: made(made90), report: report('x', { linearizable }) }))
  expect(text).toContain(
    'The drawing shows only the operations that decide the violation; 86 more operations are in the history file',
  )
  expect(text.match(/<li class="core"/g)).toHaveLength(4)
})

describe('a text from a history', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '</script><script>alert(1)</script>',
      'javascript:alert(1)//',
      '//evil.example/',
      '\ud800',
      '<!--<script>',
      '"><img src=x onerror=alert(1)>',
      "' onload='alert(1)",
      '\u2028\u2029',
      ']]>',
      '&lt;b&gt;',
      '\u001b[31m',
      '\u202eevil',
    ),
  )

  test('a text from a history is never read as HTML, wherever it appears in a report', () => {
    fc.assert(
      fc.property(hostile, (evil) => {
        const words = `${evil}<xss-mark a="b">${evil}`
        const nemesis: Event[] = [
          { index: 0, time: ns(1e6), process: 'nemesis', type: 'info', f: words, value: { nodes: [words] } },
        ]
        const history = made(
          [
            { p: 0, f: words, key: words, in: words, from: 1e6, to: 2e6, node: words },
            { p: 1, f: 'read', key: words, out: { [words]: words }, from: 3e6, to: 4e6, node: words },
            { p: 1, f: 'read', key: words, from: 5e6, to: 6e6, type: 'info', error: words },
          ],
          nemesis,
          [words, words],
        )
        const linearizable = violated({
          level: 'linearizable',
          sentence: words,
          keys: [words],
          culprit: 1,
          statesBefore: [words],
          operations: [0, 1, 2].map((operation) => ({ operation, role: 'core' as const })),
        })
        const bad = report(words, { linearizable, sequential: unknown(words) })
        const lost = { ...bad, lost: [{ key: words, value: words, operation: 0 }] }
        const text = renderHtml(page({ history, report: lost, title: words, historyFile: words, again: words }))
        expect(text).not.toContain('<xss-mark')
        expect(text).not.toMatch(/href="(?!\.\/|#|\/[^/])/)
        expect(text.match(/<script/g)).toHaveLength(4)
        expect(text.match(/<\/script>/g)).toHaveLength(4)
        expect(text).not.toMatch(/[\u2028\u2029]/)
        expect(embedded(text).keys).toEqual([printable(words)])
      }),
      { numRuns: 60 },
    )
  })
})

test('an HTML report on a history file without a run reads the faults from its nemesis events', () => {
  const event = (time: number, f: string, value: Event['value']): Event => ({
    index: 0,
    time: ns(time),
    process: 'nemesis',
    type: 'info',
    f,
    value,
  })
  const history = made(
    [{ p: 0, f: 'write', in: 1, from: 1e9, to: 9e9 }],
    [
      event(2e9, 'partition', { id: 'fault-1', links: ['n1>n2', 'n2>n1'], mode: 'hold' }),
      event(3e9, 'kill', { id: 'fault-2', nodes: ['n3'] }),
      event(4e9, 'heal', { id: 'fault-1', fault: 'partition', hits: 12 }),
      event(5e9, 'pause', { nodes: ['n1', 'n2'] }),
      event(6e9, 'healed', null),
      event(7e9, 'kill', ['n1']),
      event(8e9, 'start', ['n1']),
    ],
  )
  expect(embedded(renderHtml(page({ history }))).faults).toEqual([
    [2e9, 4e9, 'partition {n1 | n2}'],
    [3e9, 6e9, 'n3 killed'],
    [5e9, 6e9, 'n1 n2 paused'],
    [7e9, 8e9, 'kill'],
  ])
})
