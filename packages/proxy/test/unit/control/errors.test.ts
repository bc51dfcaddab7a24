import { environmentError, inputError, usageError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { network } from '../../../../testing/src/sockets.ts'
import { createControlPlane } from '../../../src/control/plane/plane.ts'
import { ControlError, statusOf } from '../../../src/control/state/errors.ts'
import { toxiproxyApi } from '../../../src/control/toxiproxy/api.ts'
import { toxiproxyMessage } from '../../../src/control/toxiproxy/replies.ts'
import { v1Api } from '../../../src/control/v1/api.ts'

test.each([
  [new ControlError(409, 'x'), 409],
  [inputError('x'), 400],
  [usageError('x'), 400],
  [environmentError('x'), 500],
  [new TypeError('x'), 500],
  ['x', 500],
])('the control interface answers the error %s with the status %i', (error, status) => {
  expect(statusOf(error)).toBe(status)
})

const listening = (code: string, more: object = { address: '127.0.0.1', port: 80 }) =>
  environmentError('it cannot listen', { cause: Object.assign(new Error('cause'), { code, ...more }) })

test.each([
  [listening('EADDRINUSE'), 'listen tcp 127.0.0.1:80: bind: address already in use'],
  [listening('EADDRNOTAVAIL'), 'listen tcp 127.0.0.1:80: bind: cannot assign requested address'],
  [listening('EACCES'), 'listen tcp 127.0.0.1:80: bind: permission denied'],
  [listening('EINVAL'), 'it cannot listen'],
  [listening('EACCES', { address: '127.0.0.1' }), 'it cannot listen'],
  [listening('EACCES', { port: 80 }), 'it cannot listen'],
  [environmentError('it cannot listen'), 'it cannot listen'],
  [environmentError('it cannot listen', { cause: 'EACCES' }), 'it cannot listen'],
  [new Error('another', { cause: listening('EACCES').cause }), 'another'],
])('Toxiproxy reports the error %#', (error, message) => {
  expect(toxiproxyMessage(error)).toBe(message)
})

describe('the control interface', () => {
  const plane = () => createControlPlane({ network: network(), seed: 1 })
  const v1 = () => v1Api(plane(), 'test', (listen) => listen)

  test.each([
    [401, 'Bearer'],
    [403, undefined],
    [400, undefined],
  ])('an error of the control interface with the status %i asks for authentication by %s', (status, scheme) => {
    const reply = v1().failed(new ControlError(status, 'why'), '/v1/faults')
    expect(reply).toMatchObject({ status, body: `${JSON.stringify({ error: 'why', status })}\n` })
    expect(reply.headers?.['WWW-Authenticate']).toBe(scheme)
  })

  test('the response to a wrong method names the methods of the path', () => {
    const { wrongMethod, noSuchPath } = v1()
    expect(wrongMethod(['GET', 'PUT'])).toMatchObject({ status: 405, headers: { Allow: 'GET, PUT' } })
    expect(wrongMethod(['GET', 'PUT']).body).toContain('this path has only GET, PUT')
    expect(noSuchPath('/v1/x')).toMatchObject({ status: 404, body: expect.stringContaining('there is no such path') })
    const toxiproxy = toxiproxyApi(plane(), { version: 'test', metrics: true }, (listen) => listen)
    expect(toxiproxy.wrongMethod(['GET', 'POST'])).toEqual({ status: 405, headers: { Allow: 'GET, POST' } })
  })

  test("Toxiproxy's control interface refuses browsers, and numbers its requests at random", () => {
    const { refuse, headers } = toxiproxyApi(plane(), { version: 'test', metrics: true }, (listen) => listen)
    expect(refuse?.({ 'user-agent': 'Mozilla/5.0' })).toMatchObject({ status: 403 })
    for (const agent of ['toxiproxy-cli', 'not Mozilla/5.0', undefined])
      expect(refuse?.(agent === undefined ? {} : { 'user-agent': agent })).toBeUndefined()
    const [one, other] = [headers(), headers()].map((all) => all['X-Toxiproxy-Request-Id'])
    expect(one).toMatch(/^[0-9a-v]{20}$/)
    expect(other).not.toBe(one)
  })
})
