import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BodyCapture } from '../../../src/http/body-capture.ts'

function captured(keepBytes: number, ...pieces: readonly string[]) {
  const capture = new BodyCapture()
  capture.start(keepBytes)
  for (const piece of pieces) {
    const borrowed = Buffer.from(`<${piece}>`)
    capture.add(borrowed, 1, borrowed.length - 1)
    capture.release()
    borrowed.fill(0)
  }
  return capture.end()
}

describe('a captured body', () => {
  test.each([
    ['no pieces', [], ''],
    ['one piece', ['hello'], 'hello'],
    ['several pieces', ['he', 'l', 'lo'], 'hello'],
  ])('a captured body keeps the bytes of %s even if the memory of the pieces is overwritten', (_, pieces, expected) => {
    expect(captured(5, ...pieces)).toEqual({ bytes: Buffer.from(expected) })
  })

  test('a captured body is recorded as its length and SHA-256 hash if it is longer than the limit', () => {
    const sha256 = createHash('sha256').update('hello!').digest('hex')
    expect(captured(5, 'hel', 'lo', '!')).toEqual({ sha256, length: 6 })
  })

  test('a capture is undefined until a body is announced, and contains only that body', () => {
    const capture = new BodyCapture()
    capture.add(Buffer.from('x'), 0, 1)
    expect(capture.end()).toBeUndefined()
    for (const [keep, word] of [
      [9, 'first'],
      [3, 'second'],
      [9, 'third'],
    ] as const) {
      capture.start(keep)
      capture.add(Buffer.from(word), 0, word.length)
      expect(capture.end()).toEqual(keep === 3 ? expect.objectContaining({ length: 6 }) : { bytes: Buffer.from(word) })
    }
  })

  test('a captured body of one byte is kept if the limit is one byte', () => {
    expect(captured(1, 'x')).toEqual({ bytes: Buffer.from('x') })
    expect(captured(1, 'x', 'y')).toMatchObject({ length: 2 })
  })

  test('a captured body is undefined if the limit is 0 bytes', () => {
    expect(captured(0, 'hello')).toBeUndefined()
  })
})
