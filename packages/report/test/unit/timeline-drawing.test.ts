import { describe, expect, test } from 'vitest'
import { made, report, violated } from '../../../testing/src/timeline.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

describe('the drawing of a timeline in text', () => {
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

  test('the text drawing shows overlapping operations of a node side by side, and unanswered ones without an end', () => {
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

  test('the text drawing shows an operation of unknown outcome differently from an acknowledged operation', () => {
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

  test('the text drawing has an arrow to the left if the later operation is on a lane further left', () => {
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
    0.003 s     ┌ p2 read ─╯
    0.004 s     └ 6   ✘ write 7 was acknowledged 1.0 ms before this read began
`)
    expect(text).toContain('✘ write 7 was acknowledged 1.0 ms before this read began')
  })

  test('the text drawing has line numbers if the history has no times, and a lane per process if it has no nodes', () => {
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
       4               ╰─ ┌ read
       5                  └ 6   ✘ write 7 was acknowledged before this read began
`)
  })

  test('the text drawing is replaced by a list of operations if the lanes do not fit', () => {
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
