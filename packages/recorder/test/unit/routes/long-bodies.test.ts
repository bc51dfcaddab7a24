import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bodyTrouble, LONGEST_TEXT_BYTES, textOf } from '../../../src/routes/mapping/body-value.ts'

test('a compressed body of at most 16 MiB is decompressed, and a longer one is reported as unreadable', () => {
  const troubles = [16 << 20, (16 << 20) + 1].map((length) =>
    bodyTrouble({ bytes: gzipSync(Buffer.alloc(length), { level: 1 }) }, 'gzip'),
  )
  expect(troubles).toEqual([undefined, 'is compressed as "gzip", and cannot be unpacked'])
})

test('a body is recorded as text up to LONGEST_TEXT_BYTES, and as a hash if longer', () => {
  const text = 'a'.repeat(LONGEST_TEXT_BYTES)
  expect(textOf({ bytes: Buffer.from(text) }, undefined)).toBe(text)
  expect(textOf({ bytes: Buffer.from(`${text}a`) }, undefined)).toMatchObject({ bytes: LONGEST_TEXT_BYTES + 1 })
})
