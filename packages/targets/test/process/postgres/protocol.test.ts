import { expect, test } from 'vitest'
import { errorOutcomes, judgeReport } from '../../../../recorder/src/postgresql/errors.ts'
import { createLogin } from '../../../src/client-kinds/postgres/authentication.ts'

// RFC 7677, section 3: the exchange of user "user" with the password "pencil".
test('a SCRAM-SHA-256 login follows the example of RFC 7677 and verifies the server', () => {
  const login = createLogin({ user: 'user', password: 'pencil' }, 'rOprNGfwEbeRWgbNEkqO')
  const authentication = (method: number, text: string) => ({ method, bytes: Buffer.from(text) })
  expect(login(authentication(10, 'SCRAM-SHA-256\0\0'))?.toString()).toContain('n,,n=,r=rOprNGfwEbeRWgbNEkqO')
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  const answer = login(authentication(11, challenge))?.toString()
  // Here the user name is in the startup message instead of the SCRAM exchange, so the proof differs from the RFC's.
  expect(answer).toMatch(/c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[\w+/]{43}=$/)
  expect(() => login(authentication(12, 'v=AAAA'))).toThrow('does not know the password')
})

const refused = (code: string, carriedOut = false, severity = 'ERROR') =>
  judgeReport({ severity, code, message: '' }, carriedOut)

test('a PostgreSQL error is classified as fail if its code is a known definite failure, else as info', () => {
  expect(['40001', '40P01', '25006', '57014', '57P01', '23505', '42P01', '53300'].map((code) => refused(code))).toEqual(
    Array.from({ length: 8 }, () => 'fail'),
  )
  expect(['40003', '57P02', '58030', 'XX000', '08006', 'ZZ999', ''].map((code) => refused(code))).toEqual(
    Array.from({ length: 7 }, () => 'info'),
  )
})

test('a PostgreSQL error after execution is classified as fail only if it is a conflict at commit', () => {
  expect(refused('40001', true)).toBe('fail')
  expect(['57014', '57P01', '53100'].map((code) => refused(code, true))).toEqual(['info', 'info', 'info'])
  expect(refused('25006', false, 'PANIC')).toBe('info')
})

test('every outcome of a PostgreSQL error has a reason', () => {
  for (const { why } of errorOutcomes) expect(why).not.toBe('')
})
