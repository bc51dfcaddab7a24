import { check, levels, type Report } from '@chaosproxy/checker'
import { type History, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { explain } from '../../src/explanation/explained.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { violationsOf } from '../../src/facts/violations.ts'
import { renderHtml } from '../../src/html/page.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import { markdownOf } from '../../src/reporters/markdown.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import type { FileSubject } from '../../src/reporters/subject.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'
import { capitalised } from '../../src/words.ts'

// Tests that all reports state each cause of a violation once, and in the same words.

const judge = (history: History): Report =>
  check(history, {
    model: 'register',
    initial: null,
    levels,
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  })

/** p0 posts a photo and a comment; p1 sees the comment, and no photo. */
const comment: readonly Made[] = [
  { p: 0, f: 'write', key: 'photo', in: 7, from: 1e6, to: 2e6, node: 'n1' },
  { p: 0, f: 'write', key: 'comment', in: 8, from: 3e6, to: 4e6, node: 'n1' },
  { p: 1, f: 'read', key: 'comment', out: 8, from: 11e6, to: 12e6, node: 'n2' },
  { p: 1, f: 'read', key: 'photo', out: null, from: 13e6, to: 14e6, node: 'n2' },
]
const STORY =
  "p0 wrote photo = 7, then comment = 8; p1 saw p0's comment = 8, but then read photo = null from n2, not p0's 7."

describe('a read that shows an effect without its cause', () => {
  const history = made(comment)
  const report = judge(history)
  const facts = factsOf({ history, report })

  test('the report of a causal violation names both writes, explains them, and accuses the second read', () => {
    expect(facts.headline.title).toBe("p1 saw p0's write to comment, but not its earlier one to photo")
    expect(facts.counterexample?.sentence).toBe(STORY)
    expect(facts.counterexample?.culprit).toBe(3)
  })

  test('a causal violation with an older value has the same headline, unless the reading node confirmed the write', () => {
    const old: Made = { p: 0, f: 'write', key: 'photo', in: 6, from: 0.1e6, to: 0.5e6, node: 'n1' }
    const stale = made([old, ...comment.slice(0, 3), { ...comment[3]!, out: 6 }])
    expect(factsOf({ history: stale, report: judge(stale) }).headline.title).toBe(
      "p1 saw p0's write to comment, but not its earlier one to photo",
    )
    const forgetful = made([old, ...comment.slice(0, 3), { ...comment[3]!, out: 6, node: 'n1' }])
    expect(factsOf({ history: forgetful, report: judge(forgetful) }).headline.title).toBe(
      "n1 answered without p0's confirmed write to photo",
    )
  })

  test('every reporter describes a causal violation once, in the same words', () => {
    const { violations } = facts
    const forbidding = `${capitalised(violations[0]?.others.slice(0, -1).join(', ') ?? '')} and ${violations[0]?.others.at(-1)} forbid it, too.`
    const options = { width: 200, unicode: true, file: 'f.jsonl', parseMs: 1, checkMs: 1 }
    const subject: FileSubject = {
      ...{ kind: 'file', file: 'f.jsonl', title: 'f.jsonl', report, history, parseMs: 1, checkMs: 1, alone: true },
      ...{
        requestedLevel: 'linearizable',
        expectation: undefined,
        requirements: undefined,
        vacuous: [],
        initial: null,
      },
      ...{ explain: false, reportFile: undefined, again: 'chaos check f.jsonl', exitCode: 0 },
    }
    const findings = findingsOf(subject)
    const told = {
      terminal: renderCheck(report, history, plainStyle, options),
      page: text(renderHtml({ history, report, title: 't', version: '1', historyFile: 'h' })),
      markdown: markdownOf(findings).replaceAll('\\', ''),
      explained: explain({ history, report }),
      json: toJson({ history, report, checkMs: 1 }) as { violations: object[] },
    }
    for (const each of [told.terminal, told.page, told.markdown].map((whole) => whole.replaceAll(/\s+/g, ' '))) {
      expect(each).toContain(STORY)
      expect(each).toContain(forbidding)
    }
    expect(told.terminal.replaceAll(/\s+/g, ' ').split(STORY)).toHaveLength(2)
    expect(told.explained.sentence).toBe(STORY)
    expect(told.explained.also[0]).toBe(forbidding)
    expect(told.json.violations).toEqual(
      violations.map(({ counterexample: { level, sentence }, others }) => ({
        level,
        sentence,
        alsoForbiddenBy: others,
      })),
    )
  })
})

/** Returns the text of a page, without markup, scripts and embedded data. */
const text = (page: string): string =>
  page
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')

const step = fc.record({
  p: fc.nat({ max: 2 }),
  key: fc.constantFrom('x', 'y'),
  f: fc.constantFrom('read', 'write', 'read'),
  seen: fc.nat({ max: 3 }),
})

/** Clients that take turns; a read returns one of the last values written to its key, or the initial one. */
const histories = fc.array(step, { minLength: 3, maxLength: 9 }).map((steps) => {
  const written = new Map<string, number[]>()
  return steps.map(({ p, key, f, seen }, i): Made => {
    const at = { p, key, f, from: i * 1e7, to: i * 1e7 + 1e6, node: `n${p + 1}` }
    const values = written.get(key) ?? []
    if (f === 'read') return { ...at, out: values.at(-1 - seen) ?? null }
    written.set(key, [...values, i])
    return { ...at, in: i }
  })
})

test('the report gives each violated level exactly one counterexample, whose operations alone violate the level', () => {
  fc.assert(
    fc.property(histories, (operations) => {
      const history = made(operations)
      const report = judge(history)
      const shown = factsOf({ history, report }).counterexample
      const violations = violationsOf(history, report, shown)
      const broken = levels.filter((level) => report.levels[level].result === 'violated')
      const named = violations.flatMap(({ counterexample, others }) => [counterexample.level, ...others])
      expect(named.toSorted()).toEqual(broken.toSorted())
      expect(violations[0]?.counterexample).toBe(shown)
      for (const { counterexample, others } of violations) {
        const rows = new Set(counterexample.operations.map(({ operation }) => operation))
        const alone = judge(made(operations.filter((_, row) => rows.has(row))))
        for (const level of others) expect(alone.levels[level as 'causal'].result, level).toBe('violated')
      }
    }),
    { numRuns: 150 },
  )
})
