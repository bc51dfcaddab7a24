import { describe, expect, test } from 'vitest'
import { made, report, unknown, violated } from '../../../testing/src/timeline.ts'
import { explain } from '../../src/explanation/explained.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import { markdownOf } from '../../src/reporters/markdown.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { renderExplained } from '../../src/terminal/explained-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

describe('a hostile text in a history', () => {
  test('a hostile text in a history is printed without its control sequences on the terminal', () => {
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

  test.each([
    ['control characters', '\u001b]0;x\u0007\u0000\u009b2J\u202e\u2066'],
    ['markup', '<img src=x onerror=alert(1)>|`</details>@team ::error::'],
    ['half of a character', 'a\ud800'],
    ['another script', '🙂 שלום'],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('a hostile text is shortened and escaped in chaos explain and in Markdown: %s', (_what, evil) => {
    const history = made(
      [
        { p: 0, f: 'write', key: evil, in: evil, from: 1e6, to: 2e6, node: evil },
        { p: 1, f: 'read', key: evil, out: 'old', from: 3e6, to: 4e6, node: evil },
      ],
      [],
      [evil, evil],
    )
    const operations = [0, 1].map((operation) => ({ operation, role: 'core' as const }))
    const linearizable = violated({
      level: 'linearizable',
      sentence: 'it was read',
      keys: [evil],
      culprit: 1,
      operations,
    })
    const judged = report('not linearizable', { linearizable })
    const told = renderExplained(explain({ history, report: judged }), plainStyle, { width: 80, unicode: true })
    const findings = findingsOf({
      ...{
        kind: 'file',
        file: 'h.jsonl',
        title: 'h',
        report: judged,
        history,
        parseMs: 1,
        checkMs: 1,
        requestedLevel: 'linearizable',
      },
      ...{ expectation: undefined, requirements: undefined, vacuous: [], initial: null, alone: true, explain: false },
      ...{ reportFile: undefined, again: 'npx chaos check h.jsonl', exitCode: 1 },
    })
    const comment = markdownOf(findings)
    for (const text of [told, comment]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2066]/)
      expect(text.length).toBeLessThan(20_000)
    }
    // Outside of code, the Markdown contains no @mention, and no HTML tags except `details` and `summary`.
    const rendered = comment.replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, '').replaceAll(/`[^`\n]*`/g, '')
    expect(rendered.replaceAll(/<\/?(?:details|summary)>/g, '')).not.toMatch(/(?<!\\)<\w|@\w/)
  })
})
