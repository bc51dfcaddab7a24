import { describe, expect, test } from 'vitest'
import { writeBackend } from '../../../src/postgresql/backend.ts'
import { encryption } from '../../../src/postgresql/encryption.ts'
import { writeFrontend } from '../../../src/postgresql/frontend.ts'

const startup = writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [['user', 'tester']] })

describe('the first message of a PostgreSQL connection', () => {
  test('the first message of a PostgreSQL connection is classified as a request for encryption or as plaintext', () => {
    const begins = (bytes: Buffer) => encryption.begins(bytes)?.kind
    for (const [whole, kind] of [
      [writeFrontend({ kind: 'ssl-request' }), 'tls'],
      [writeFrontend({ kind: 'gssenc-request' }), 'other'],
      [startup, 'nothing'],
      [writeFrontend({ kind: 'cancel-request', processId: 1, secret: Buffer.alloc(4) }), 'nothing'],
    ] as const) {
      expect(begins(whole)).toBe(kind)
      for (let size = 0; size < 8; size++) expect(begins(whole.subarray(0, size))).toBeUndefined()
    }
    expect(encryption.begins(Buffer.from([0x16]))).toEqual({ kind: 'hello', sizeBytes: 0 })
    expect(encryption.begins(writeFrontend({ kind: 'ssl-request' }))?.sizeBytes).toBe(8)
    expect(begins(Buffer.from('GET /'))).toBe('nothing')
  })
})

describe('the login mechanisms offered by a PostgreSQL server', () => {
  const offer = (...names: readonly string[]) =>
    writeBackend({ kind: 'authentication', method: 10, bytes: Buffer.from(`${names.join('\0')}\0\0`) })
  const ready = writeBackend({ kind: 'ready', status: 'I' })

  function rewritten(whole: Buffer, pieceBytes: number): Buffer {
    const unbinding = encryption.unbinding(() => undefined).responses
    expect(unbinding.isOver).toBe(false)
    const pieces: Buffer[] = []
    for (let at = 0; at < whole.length; at += pieceBytes)
      pieces.push(unbinding.rewritten(whole.subarray(at, at + pieceBytes)))
    expect(unbinding.isOver).toBe(true)
    return Buffer.concat(pieces)
  }

  test('SCRAM-SHA-256-PLUS is removed from the login mechanisms that PostgreSQL offers, in any division of the bytes', () => {
    const offered = Buffer.concat([offer('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'), ready])
    for (const pieceBytes of [1, 3, 7, offered.length])
      expect(rewritten(offered, pieceBytes)).toEqual(Buffer.concat([offer('SCRAM-SHA-256'), ready]))
  })

  test('the removal of SCRAM-SHA-256-PLUS is noted only if the client supports channel binding', () => {
    const step = (binding: string) => Buffer.from(`SCRAM-SHA-256\0\0\0\0\x20${binding},,n=,r=abc`)
    const isNoted = (mechanisms: readonly string[], binding: string) => {
      let noted = 0
      const { requests, responses } = encryption.unbinding(() => noted++)
      responses.rewritten(offer(...mechanisms))
      expect(requests?.isOver).toBe(false)
      expect(requests?.rewritten(step(binding))).toEqual(step(binding))
      expect(requests?.isOver).toBe(true)
      return noted === 1
    }
    expect(isNoted(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], 'y')).toBe(true)
    expect(isNoted(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], 'n')).toBe(false)
    expect(isNoted(['SCRAM-SHA-256'], 'y')).toBe(false)
  })

  test('the login mechanisms that PostgreSQL offers are read from a message of at most 10,000 bytes', () => {
    const rewrite = (length: number) => {
      const header = Buffer.from('R\0\0\0\0')
      header.writeUInt32BE(length - 1, 1)
      const { responses } = encryption.unbinding(() => undefined)
      return [responses.rewritten(header).length, responses.isOver]
    }
    expect([rewrite(10_000), rewrite(10_001)]).toEqual([
      [0, false],
      [5, true],
    ])
  })

  test('the login mechanism that a PostgreSQL client chooses is searched for in at most 10,000 bytes', () => {
    const { requests } = encryption.unbinding(() => undefined)
    const seen = [9_000, 1_000, 1].map((length) => {
      requests?.rewritten(Buffer.alloc(length))
      return requests?.isOver
    })
    expect(seen).toEqual([false, false, true])
  })

  test('a later step of a PostgreSQL login is not searched for login mechanisms', () => {
    const step = writeBackend({ kind: 'authentication', method: 11, bytes: Buffer.from('a-PLUS\0b\0\0') })
    expect(rewritten(step, 100)).toEqual(step)
  })

  test('the login mechanisms of PostgreSQL are unchanged if only one is offered or the message is not an offer', () => {
    for (const whole of [
      offer('SCRAM-SHA-256-PLUS'),
      offer('SCRAM-SHA-256'),
      writeBackend({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }),
      Buffer.concat([ready, offer('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256')]),
      Buffer.from('this is no PostgreSQL'),
    ])
      expect(rewritten(whole, 2)).toEqual(whole)
  })
})
