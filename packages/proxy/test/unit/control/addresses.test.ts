import { describe, expect, test } from 'vitest'
import { createGuard } from '../../../src/control/server/guard.ts'
import { type Address, isLoopback, parseAddress, resolveAddress, shorten } from '../../../src/control/state/address.ts'
import { createListenRule } from '../../../src/control/state/listen-rule.ts'

describe('an address', () => {
  test.each<readonly [string, Address]>([
    ['127.0.0.1:6379', { host: '127.0.0.1', port: 6379 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    [':80', { host: '', port: 80 }],
    [`${'x'.repeat(253)}:1`, { host: 'x'.repeat(253), port: 1 }],
    ['unix:/run/db.sock', { host: '/run/db.sock', port: 0 }],
    [`unix:/${'x'.repeat(106)}`, { host: `/${'x'.repeat(106)}`, port: 0 }],
  ])('an address is parsed from %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  test.each([
    ['localhost', 'address localhost: missing port in address'],
    ['::1:80', 'address ::1:80: too many colons in address'],
    ['x:65536', 'address x:65536: invalid port "65536"'],
    ['x:', 'address x:: invalid port ""'],
    ['x:1a', 'address x:1a: invalid port "1a"'],
    ['x:000080', 'address x:000080: invalid port "000080"'],
    ['x:-1', 'address x:-1: invalid port "-1"'],
    [`${'x'.repeat(254)}:1`, 'invalid host'],
    ['a b:1', 'address a b:1: invalid host'],
    ['a/b:1', 'address a/b:1: invalid host'],
    ['a\u0007:1', 'invalid host'],
    ['unix:run/db.sock', 'not an absolute path of at most 107 bytes'],
    ['unix:/run/a\0b', 'not an absolute path of at most 107 bytes'],
    [`unix:/${'x'.repeat(107)}`, 'not an absolute path of at most 107 bytes'],
    [`unix:/${'ü'.repeat(54)}`, 'not an absolute path of at most 107 bytes'],
  ])('an address is refused if it is %j', (text, message) => {
    expect(() => parseAddress(text)).toThrow(message)
  })

  test.each([
    ['localhost', true],
    ['::1', true],
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['/run/db.sock', true],
    ['128.0.0.1', false],
    ['127.example', false],
    ['::2', false],
    ['', false],
  ])('an address with the host %j is a loopback address: %s', (host, is) => {
    expect(isLoopback(host)).toBe(is)
  })

  test('the host name of an address is resolved; an IP address or a path is left unchanged', async () => {
    for (const host of ['127.0.0.5', '::1', '/run/db.sock']) {
      const address = { host, port: 1 }
      expect(await resolveAddress(address)).toBe(address)
    }
    expect(await resolveAddress({ host: '', port: 7 })).toEqual({ host: '::', port: 7 })
    expect(await resolveAddress({ host: 'localhost', port: 7 })).toEqual({ host: '127.0.0.1', port: 7 })
  })

  test('an error message quotes an address up to 80 characters', () => {
    expect([shorten('x'.repeat(80)), shorten('x'.repeat(81))]).toEqual(['x'.repeat(80), `${'x'.repeat(77)}...`])
  })
})

describe('a request to listen', () => {
  const rule = createListenRule({ isTrusted: false, named: ['0.0.0.0:80'] })
  test.each([
    ['', '127.0.0.1:0'],
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['localhost:1024', 'localhost:1024'],
    ['unix:/run/db.sock', 'unix:/run/db.sock'],
    ['0.0.0.0:80', '0.0.0.0:80'],
  ])('without a token, a request for a listener at %j opens %s', (listen, opened) => {
    expect(rule(listen)).toBe(opened)
  })

  test.each([
    ['127.0.0.1:1023', 'ports below 1024 need privileges'],
    ['127.0.0.1:1', 'ports below 1024 need privileges'],
    ['0.0.0.0:8080', 'other machines could reach this address'],
    [':8080', 'other machines could reach this address'],
  ])('without a token, a request for a listener at %j is refused', (listen, message) => {
    expect(() => rule(listen)).toThrow(message)
    expect(createListenRule({ isTrusted: true, named: [] })(listen)).toBe(listen)
  })
})

describe('a control interface', () => {
  const statusOf = (
    guard: { readonly listenHost: string; readonly token?: string; readonly isSecure?: boolean },
    headers: { readonly [name: string]: string },
  ) => createGuard({ token: undefined, hostNames: ['Chaos.example'], ...guard })(headers)?.status

  test.each<readonly [string, string | undefined, string, number | undefined]>([
    ['127.0.0.1', undefined, 'localhost:8474', undefined],
    ['127.0.0.1', undefined, '[::1]:8474', undefined],
    ['127.0.0.1', undefined, 'CHAOS.example:8474', undefined],
    ['127.0.0.1', undefined, '10.0.0.7', 403],
    ['127.0.0.1', undefined, 'web', 403],
    ['127.0.0.1', 'secret', 'web', 403],
    ['0.0.0.0', undefined, '10.0.0.7:8474', undefined],
    ['0.0.0.0', undefined, '[fd00::1]', undefined],
    ['0.0.0.0', undefined, 'web:8474', undefined],
    ['0.0.0.0', undefined, 'web.internal', undefined],
    ['0.0.0.0', undefined, 'web.local', undefined],
    ['0.0.0.0', undefined, 'web.localhost', undefined],
    ['0.0.0.0', undefined, 'web.test', undefined],
    ['0.0.0.0', undefined, 'chaos.example', undefined],
    ['0.0.0.0', undefined, 'evil.example', 403],
    ['0.0.0.0', undefined, 'web.internal.example', 403],
    ['0.0.0.0', 'secret', 'evil.example', 401],
    ['chaos', undefined, 'Chaos', undefined],
  ])(
    'a control interface on %s with the token %s replies to a request for the host %s with the refusal %s',
    (listenHost, token, host, status) => {
      expect(statusOf({ listenHost, ...(token === undefined ? {} : { token }) }, { host })).toBe(status)
    },
  )

  test.each<readonly [boolean, { readonly [name: string]: string }, number | undefined]>([
    [false, { origin: 'http://localhost:1' }, undefined],
    [false, { origin: 'https://localhost:1' }, 403],
    [true, { origin: 'https://localhost:1' }, undefined],
    [true, { origin: 'http://localhost:1' }, 403],
    [false, { origin: 'http://localhost:2' }, 403],
    [false, { 'sec-fetch-site': 'cross-site' }, 403],
    [false, { 'sec-fetch-site': 'same-site' }, 403],
    [false, { 'sec-fetch-site': 'same-origin' }, undefined],
    [false, { 'sec-fetch-site': 'none' }, undefined],
  ])(
    'a control interface (TLS: %s) answers a web page that sends the headers %j with the refusal %s',
    (isSecure, headers, status) => {
      expect(statusOf({ listenHost: '127.0.0.1', isSecure }, { host: 'localhost:1', ...headers })).toBe(status)
    },
  )

  test('a control interface checks the host name before the token, and expects plaintext if no option demands TLS', () => {
    const headers = { host: 'localhost:1', origin: 'http://localhost:1' }
    const guard = { listenHost: 'localhost', token: 'secret' }
    expect(statusOf(guard, { ...headers, authorization: 'Bearer secret' })).toBeUndefined()
    expect(statusOf(guard, { ...headers, authorization: 'Bearer other' })).toBe(401)
    expect(statusOf(guard, headers)).toBe(401)
    expect(statusOf(guard, { authorization: 'Bearer secret' })).toBe(403)
  })
})
