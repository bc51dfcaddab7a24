import { describe, expect, test } from 'vitest'
import { made, report, unknown, violated } from '../../runner/test/timeline.ts'
import { renderCheck } from '../src/terminal/check-page.ts'
import { plainStyle } from '../src/terminal/style.ts'

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
