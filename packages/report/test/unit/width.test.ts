import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, displayWidth, wrap } from '../../src/terminal/width.ts'

test('wrapped lines fit the width, and contain all words in order', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 12, max: 40 }), (words, width) => {
      const lines = wrap(words.join(' '), width)
      expect(lines.join(' ')).toBe(words.join(' '))
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width)
    }),
  )
})

test('clipped text fits the width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      expect(displayWidth(clip(text, width))).toBeLessThanOrEqual(Math.max(width, 1))
    }),
  )
})
