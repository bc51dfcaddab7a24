import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { made, report, unknown, violated } from '../../../testing/src/timeline.ts'
import { renderPicture } from '../../src/html/picture.ts'

const lint = (xml: string) => spawnSync('xmllint', ['--noout', '-'], { input: xml, encoding: 'utf8' })

function pictureOf(word: string, isBroken: boolean): string {
  const history = made(
    [
      { p: 0, f: 'write', key: word, in: word, from: 1e6, to: 2e6, node: word },
      { p: 1, f: 'read', key: word, out: 'old', from: 3e6, to: 4e6, node: word },
    ],
    [],
    [word, word],
  )
  const counterexample = {
    level: 'linearizable' as const,
    sentence: `${word} was read`,
    keys: [word],
    culprit: 1,
    operations: [0, 1].map((operation) => ({ operation, role: 'core' as const })),
  }
  const found = report(word, { linearizable: isBroken ? violated(counterexample) : unknown(word) })
  return renderPicture({ title: word, version: '1.2.3', history, historyFile: 'h.jsonl', report: found, again: word })
}

describe('the saved picture of a report', () => {
  test.each([
    ['a word', 'photo'],
    ['markup', '<script>alert(1)</script>"\'&--><svg onload=alert(1)>'],
    ['control characters', '\u0000\u0007\u001b[2J\u202e\ufffe\uffff'],
    ['half of a character', 'a\ud800b'],
    ['another script', '🙂 שלום'],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('the picture of a report is valid XML without scripts, whatever a history contains: %s', (_what, word) => {
    for (const picture of [pictureOf(word, true), pictureOf(word, false)]) {
      expect(picture).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]* data-generator="chaos">/)
      expect(picture).not.toMatch(/<script|<[a-z]+ onload|href=/)
      expect(picture.length).toBeLessThan(40_000)
      const { error, stderr } = lint(picture)
      expect(error === undefined ? stderr : '').toBe('')
    }
  })

  test('the picture of a report shows the contradiction at full size, or the levels if nothing is violated', () => {
    expect(pictureOf('x', true)).toMatch(/<svg class="why-svg" x="20" y="\d+" width="760" height="\d+"/)
    expect(pictureOf('x', false)).not.toContain('<svg class')
    expect(pictureOf('x', false)).toContain('linearizable: unknown')
  })
})
