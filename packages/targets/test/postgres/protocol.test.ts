import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLogin } from '../../src/postgres/authentication.ts'
import { createMessageReader, readReport, readRow, rowsOf } from '../../src/postgres/messages.ts'
import { errorOutcomes, judgeReport } from '../../src/postgres/outcomes.ts'

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

test('messages are the same however the bytes are cut', () => {
  const messages = fc.array(fc.tuple(fc.constantFrom('D', 'C', 'Z', 'E', 'S'), fc.uint8Array({ maxLength: 40 })))
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([type, body]) => message(type, Buffer.from(body))))
      const reader = createMessageReader()
      const found = []
      for (let at = 0, cut = 0; at < bytes.length; cut++) {
        const length = cuts[cut % cuts.length]!
        for (const { type, body } of reader.read(bytes.subarray(at, at + length))) found.push([type, [...body]])
        at += length
      }
      expect(found).toEqual(sent.map(([type, body]) => [type, [...body]]))
    }),
  )
})

test('bytes of something else are refused at once', () => {
  expect(() => createMessageReader().read(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow('no message')
})

test('a row has text and null, an error its SQLSTATE, a tag its number of rows', () => {
  expect(readRow(Buffer.from('\0\x02\0\0\0\x02ab\xff\xff\xff\xff', 'latin1'))).toEqual(['ab', null])
  expect(readReport(Buffer.from('SFEHLER\0VERROR\0C40001\0Mcould not serialize\0\0'))).toEqual({
    severity: 'ERROR',
    code: '40001',
    message: 'could not serialize',
  })
  expect([rowsOf('INSERT 0 1'), rowsOf('UPDATE 12'), rowsOf('COMMIT')]).toEqual([1, 12, undefined])
})

// RFC 7677, section 3: the exchange of user "user" with the password "pencil".
test('a login with SCRAM-SHA-256 says what the example of its RFC says, and wants to see the server prove itself', () => {
  const login = createLogin({ user: 'user', password: 'pencil' }, 'rOprNGfwEbeRWgbNEkqO')
  const authentication = (number: number, text: string): Buffer => {
    const head = Buffer.alloc(4)
    head.writeInt32BE(number)
    return Buffer.concat([head, Buffer.from(text)])
  }
  expect(login(authentication(10, 'SCRAM-SHA-256\0\0'))?.toString()).toContain('n,,n=,r=rOprNGfwEbeRWgbNEkqO')
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  const answer = login(authentication(11, challenge))?.toString()
  // The name of the user goes with the start of the session here, so the proof differs from the RFC's.
  expect(answer).toMatch(/c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[\w+/]{43}=$/)
  expect(() => login(authentication(12, 'v=AAAA'))).toThrow('does not know the password')
})

const refused = (code: string, carriedOut = false, severity = 'ERROR') =>
  judgeReport({ severity, code, message: '' }, carriedOut)

test('an error counts as certain only if its meaning is known', () => {
  expect(['40001', '40P01', '25006', '57014', '57P01', '23505', '42P01', '53300'].map((code) => refused(code))).toEqual(
    Array.from({ length: 8 }, () => 'fail'),
  )
  expect(['40003', '57P02', '58030', 'XX000', '08006', 'ZZ999', ''].map((code) => refused(code))).toEqual(
    Array.from({ length: 7 }, () => 'info'),
  )
})

test('after the command was carried out, only a conflict found at its commit is certain', () => {
  expect(refused('40001', true)).toBe('fail')
  expect(['57014', '57P01', '53100'].map((code) => refused(code, true))).toEqual(['info', 'info', 'info'])
  expect(refused('25006', false, 'PANIC')).toBe('info')
})

test('every outcome has a reason', () => {
  for (const { why } of errorOutcomes) expect(why).not.toBe('')
})
