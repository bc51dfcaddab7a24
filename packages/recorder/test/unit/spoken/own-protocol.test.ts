import { describe, expect, test } from 'vitest'
import { type OwnProtocol, ownProtocol } from '../../../src/spoken/own-protocol.ts'

const framingOf = (scan: (bytes: Buffer, start: number) => number) => {
  const own: OwnProtocol = {
    name: 'tiny',
    port: 1,
    model: 'register',
    scanner: () => ({ scan }),
    asked(request) {
      if (request.toString() === '?') throw new Error('no line of it')
      return { f: 'write', key: 'x', value: request.toString() }
    },
    answered: () => ({ type: 'ok', value: null }),
  }
  return ownProtocol(own).framing
}

describe('the scanner of a custom protocol', () => {
  test.each([2, 4, -1, -2])('may return %d as the end of a message that begins at 1 of 4 bytes', (end) => {
    const { scan } = framingOf(() => end).scanner('requests')
    expect(scan(Buffer.from('abcd'), 1)).toBe(end)
  })

  test.each([1, 0, 5, -3, 1.5, Number.NaN, undefined as never])(
    'is refused if it returns %d as the end of a message that begins at 1 of 4 bytes',
    (end) => {
      const { scan } = framingOf(() => end).scanner('requests')
      expect(() => scan(Buffer.from('abcd'), 1)).toThrow(
        `the scanner of tiny returned ${end} for 4 bytes from 1. Return the position after the message's last byte, -1`,
      )
    },
  )

  test('returns no command for a request that it cannot read', () => {
    const { command } = framingOf(() => -1)
    expect(command?.(Buffer.from('?'))).toBeUndefined()
    expect(command?.(Buffer.from('1'))).toEqual({ name: 'WRITE', key: 'x' })
  })
})
