import { check, levels } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, millis, millisToNanos } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PlayedStory, Sign } from '../../src/played-story.ts'
import { type CheckPageOptions, renderCheck, renderCheckTable } from '../../src/terminal/check-page.ts'
import { colouredStyle } from '../../src/terminal/coloured-style.ts'
import { renderExplanations } from '../../src/terminal/explanation.ts'
import { renderStory } from '../../src/terminal/story-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'
import { displayWidth, fitLine } from '../../src/terminal/width.ts'

const now = () => millis(0)
const budget = { deadlineMs: millis(60_000), memoryBytes: 1e9, now }

/** Names with narrow and wide characters, and with combining marks. */
const name = fc.string({
  unit: fc.constantFrom('a', 'Z', '7', '日', '本', '한', '🦊', 'é', 'e\u0301', '-'),
  minLength: 1,
  maxLength: 40,
})
const terminal = fc.record({ width: fc.integer({ min: 40, max: 200 }), unicode: fc.boolean() })

/** A history of two keys with one stale read of each key. Each operation has its own process. */
function staleHistory(key: string, other: string, value: string) {
  const called = (
    process: number,
    f: string,
    of: string,
    written: string | null,
    at: number,
  ): readonly EventInput[] => [
    { process, type: 'invoke', f, key: of, value: f === 'write' ? written : null, time: at, node: `${other}1` },
    { process, type: 'ok', f, key: of, value: written, time: at + 5e6, node: `${other}1` },
  ]
  return historyFromEvents([
    ...called(0, 'write', key, value, 0),
    ...called(1, 'write', key, `${value}2`, 10e6),
    ...called(2, 'read', key, value, 20e6),
    ...called(3, 'write', other, value, 30e6),
    ...called(4, 'read', other, null, 2e9),
  ])
}

const tooWide = (text: string, width: number) => text.split('\n').filter((line) => displayWidth(line) > width)

describe('the width of terminal pages', () => {
  test('every line about a check fits the width of the terminal, even with long names and wide characters', () => {
    fc.assert(
      fc.property(name, name, name, terminal, (key, other, value, options) => {
        const history = staleHistory(key, other, value)
        const report = check(history, { model: 'register', initial: null, levels, failedCas: 'drop', ...budget })
        const page: CheckPageOptions = { ...options, file: `${key}.jsonl`, parseMs: 1, checkMs: 1, exitCode: 1 }
        const texts = [
          renderCheck(report, history, colouredStyle, page),
          renderExplanations(report, history, colouredStyle, options),
          renderCheckTable(
            [{ file: `${key}.jsonl`, report, history, elapsedMs: 1, vacuous: [other] }],
            colouredStyle,
            options,
          ),
        ]
        for (const text of texts) expect(tooWide(text, options.width)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('every line of a scenario fits the width of the terminal, even with long names and wide characters', () => {
    const lanes = fc.uniqueArray(name, { minLength: 3, maxLength: 7 })
    fc.assert(
      fc.property(lanes, name, terminal, (names, text, options) => {
        const [client = '', ...nodes] = names
        expect(tooWide(renderStory(storyOf(client, nodes, text), colouredStyle, options), options.width)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('lines that exceed the width of the terminal are wrapped without loss of text', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.integer({ min: 10, max: 60 }), (words, width) => {
        const lines = fitLine(words.join(' '), width)
        expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''))
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width)
      }),
    )
  })
})

function storyOf(client: string, nodes: readonly string[], text: string): PlayedStory {
  const [first = '', second = ''] = nodes
  const between = [[first, second]] as const
  const signs: readonly Sign[] = [
    { type: 'call', at: ns(1), from: client, to: first, text },
    { type: 'answer', at: ns(2), from: first, to: client, text, outcome: 'ok' },
    { type: 'cut', at: ns(3), between, text },
    { type: 'call', at: ns(4), from: client, to: second, text },
    { type: 'answer', at: ns(5), from: second, to: client, text: '', outcome: 'none' },
    { type: 'fault', at: ns(6), node: second, text },
    { type: 'healed', at: ns(7), node: second, text },
    { type: 'restored', at: ns(8), between, text },
    { type: 'state', at: ns(9), nodes: [first, second], text },
  ]
  return {
    ...{ name: 'a-story', summary: text, lesson: text, source: text, prevention: undefined },
    tellings: [
      {
        ...{ kind: 'accident', title: text, setting: text, clients: [client], nodes, verdicts: [], ending: text },
        steps: [{ what: 'remark', text, signs }],
        differences: [text],
      },
    ],
  }
}

const ns = (ms: number) => millisToNanos(millis(ms))

test('a scenario has a lane for each client and node, arrows for requests, and a barrier during a partition', () => {
  const story = storyOf('Ana', ['n1', 'n2'], 'hi')
  const lines = renderStory(story, plainStyle, { width: 80, unicode: true }).split('\n')
  expect(lines.find((line) => /Ana.*n1.*n2/.test(line))).toBeDefined()
  expect(lines.find((line) => line.includes('├──hi'))).toMatch(/▸│/)
  // In the fourth row, the arrow from Ana to n2 replaces the barrier `╳`: the partition does not block this request.
  const rows = lines.filter((line) => /^ {2}\d/.test(line))
  expect(rows.map((line) => line.includes('╳'))).toEqual([false, false, true, false, true, true, true, false, false])
  const ascii = renderStory(story, plainStyle, { width: 80, unicode: false })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: just what it looks for
  expect(ascii).toMatch(/^[\x00-\x7f]*$/)
})
