import { describe, expect, test } from 'vitest'
import { findRecordedProtocol, recordedExamples, recordedProtocols } from '../../../src/protocols/index.ts'
import { ownProtocol } from '../../../src/spoken/own-protocol.ts'

describe('a recorded protocol', () => {
  test.each([
    ['resp', { redis: { port: 6379, isSecure: false }, rediss: { port: 6379, isSecure: true } }, false, true],
    [
      'postgresql',
      { postgres: { port: 5432, isSecure: false }, postgresql: { port: 5432, isSecure: false } },
      true,
      false,
    ],
    ['mysql', { mysql: { port: 3306, isSecure: false }, mariadb: { port: 3306, isSecure: false } }, true, false],
  ])(
    'the protocol %s states its URL schemes, whether it needs settings, and whether its drivers resend requests',
    (kind, schemes, needsSettings, resends) => {
      expect(findRecordedProtocol(kind)).toMatchObject({ kind, schemes, needsSettings, resends })
    },
  )

  test('a user-defined protocol has its name as the URL scheme, and may be used without settings', () => {
    const kv = ownProtocol({
      ...{ name: 'kv-of-a-test', port: 7000, model: 'register' },
      scanner: () => ({ scan: () => -1 }),
      asked: () => ({ passes: 'a', touches: 'nothing' }),
      answered: () => ({ type: 'ok', value: null }),
    })
    expect(findRecordedProtocol('kv-of-a-test')).toBeUndefined()
    expect(kv).toMatchObject({
      ...{ schemes: { 'kv-of-a-test': { port: 7000, isSecure: false } }, resends: false, needsSettings: false },
      namedBy: 'nothing',
    })
    expect(recordedExamples()).toBe(recordedProtocols.map(({ example }) => example).join(', or '))
  })
})
