import type { Heard, NodeMessage } from '@chaosproxy/runner/result'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { made, ms, readOfReplaced, report, summary, violated } from '../../../testing/src/timeline.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { listeningFor } from '../../src/facts/listening.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import { markdownOf } from '../../src/reporters/markdown.ts'
import { mermaidOf } from '../../src/reporters/mermaid.ts'

// The part of Mermaid's language that reports use. Mermaid's own parser is not installed, because it takes 3.5 MB.
const LABEL = '(?:[^#;<>&%$@\\\\`":\\n]|#\\d+;|<br/>)*'
const LINES: readonly RegExp[] = [
  /^sequenceDiagram$/,
  new RegExp(`^ {2}(?:actor c|participant n)\\d as ${LABEL}$`),
  new RegExp(`^ {2}[cn]\\d(?:->>|-->>|--x|-x|-\\))[cn]\\d: ${LABEL}$`),
  new RegExp(`^ {2}Note over [cn]\\d(?:,[cn]\\d)?: ${LABEL}$`),
]
const isWritten = (line: string): boolean => LINES.some((form) => form.test(line))

/** Returns the text as a reader sees it: character references are decoded, and line breaks become spaces. */
const shownOf = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .replaceAll('<br/>', ' ')
    .replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('\u00a0', ' ')

const { history, counterexample } = readOfReplaced()
const judged = report('not linearizable', { linearizable: violated(counterexample) })
const sent: NodeMessage = {
  ...{ from: 'n1', to: 'n3', type: 'replicate', sentAt: ms(6571), fate: 'received' },
  carries: { key: 'x', value: 743 },
}

function drawn(messages: readonly NodeMessage[], more: Partial<Heard> = {}): readonly string[] {
  const listening = listeningFor({ history, report: judged })
  if (listening === undefined) throw new Error('nothing to listen for')
  const run = { ...summary({ report: judged }), heard: { listening, messages, isCut: false, ...more } }
  return mermaidOf(history, factsOf({ history, report: judged, run }))
}

describe('a contradiction as a sequence diagram', () => {
  test('a sequence diagram shows the operations and messages of a contradiction in order of time', () => {
    const lines = drawn([{ ...sent, fate: 'held', by: 'partition' }])
    expect(lines.filter((line) => !isWritten(line))).toEqual([])
    const text = shownOf(lines)
    const order = ['write x 743', 'replicate with x = 743, sent at 6.5710 s, held (partition)', '✘']
    const places = order.map((words) => text.indexOf(words))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places[0]).toBeGreaterThan(0)
    expect(text).toMatch(/n\d-xn\d: replicate/)
  })

  test('a sequence diagram ends the arrow of a message at its receiver, and states if no message was sent', () => {
    expect(shownOf(drawn([{ ...sent, endedAt: ms(6600) }]))).toMatch(
      /n\d->>n\d: replicate with x = 743.*received at 6\.6/,
    )
    expect(shownOf(drawn([]))).toContain('nothing with x = 743 was sent')
  })

  test('a sequence diagram shows only operations of the contradiction, and is omitted if nothing is violated', () => {
    const many = Array.from({ length: 13 }, (_, p) => ({
      p,
      f: 'read',
      key: 'x',
      out: 1,
      from: p * 1e6,
      to: p * 1e6 + 1,
    }))
    const all = many.map((_, operation) => ({ operation, role: 'core' as const }))
    const shown = { ...counterexample, operations: all, culprit: 12 }
    const lines = mermaidOf(made(many), { counterexample: shown, near: [], wire: undefined })
    expect(lines.filter((line) => line.includes('->>n'))).toHaveLength(8)
    expect(shownOf(lines)).toContain('✘')
    const cycle = { ...shown, edges: [] }
    expect(mermaidOf(made(many), { counterexample: cycle, near: [], wire: undefined })).toEqual([])
    expect(mermaidOf(history, { counterexample: undefined, near: [], wire: undefined })).toEqual([])
  })

  test('a sequence diagram consists only of known kinds of lines, whatever keys, values and names contain', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'#;<>&%{}$@\\`":\n\r\u0000\u202e|-x ', 'end', '%%{init', '```', '😀') }),
    )
    fc.assert(
      fc.property(hostile, hostile, hostile, (key, value, node) => {
        const evil = made([
          { p: 0, f: 'write', key, in: `${value}1`, from: 1e6, to: 2e6, node },
          { p: 1, f: 'write', key, in: value, from: 3e6, to: 4e6, node: `${node}2` },
          { p: 2, f: 'read', key, out: `${value}1`, from: 5e6, to: 6e6, node },
        ])
        const operations = [0, 1, 2].map((operation) => ({ operation, role: 'core' as const }))
        const shown = { ...counterexample, keys: [key], operations, culprit: 2 }
        const near = [{ text: value, relation: '', whole: value, label: value, from: 0, to: 5e6 }] as never
        const lines = mermaidOf(evil, { counterexample: shown, near, wire: undefined })
        expect(lines.length).toBeGreaterThan(7)
        expect(lines.filter((line) => !isWritten(line))).toEqual([])
      }),
    )
  })

  test('shortens long values', () => {
    const evil = made([{ p: 0, f: 'read', key: 'k'.repeat(1e6), out: 'v'.repeat(1e6), from: 1e6, to: 2e6 }])
    const shown = { ...counterexample, keys: [], operations: [{ operation: 0, role: 'core' as const }], culprit: 0 }
    expect(mermaidOf(evil, { counterexample: shown, near: [], wire: undefined }).join('\n').length).toBeLessThan(1_000)
  })
})

test('the Markdown report shows the sequence diagram, and repeats it as text in a folded section', () => {
  const [finding] = findingsOf({
    ...{ kind: 'file', file: 'h.jsonl', title: 'h.jsonl', report: judged, history, parseMs: 1, checkMs: 1 },
    ...{ requestedLevel: 'linearizable', expectation: undefined, requirements: undefined, vacuous: [], initial: null },
    ...{ alone: true, explain: false, reportFile: undefined, again: 'npx chaos check h.jsonl', exitCode: 1 },
  })
  const text = markdownOf(finding === undefined ? [] : [finding])
  const parts = ['```mermaid\nsequenceDiagram\n', 'Reproduce:', '<details><summary>The same as text', '```\nWhy']
  const places = parts.map((part) => text.indexOf(part))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places[0]).toBeGreaterThan(0)
  const without = markdownOf(finding === undefined ? [] : [{ ...finding, diagram: [] }])
  expect(without).not.toContain('mermaid')
  expect(without.indexOf('```\nWhy')).toBeLessThan(without.indexOf('<details>'))
})
