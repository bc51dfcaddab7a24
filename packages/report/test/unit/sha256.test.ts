import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/browser/sha256.ts'

test('the SHA-256 function of a page agrees with that of Node for any text', () => {
  const texts = Array.from({ length: 130 }, (_, length) => 'aé€😀\n'.repeat(length).slice(0, length))
  for (const text of [...texts, 'x'.repeat(200_000)])
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
})
