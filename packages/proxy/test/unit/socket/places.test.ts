import { describe, expect, test } from 'vitest'
import { Run } from '../../../src/interceptor/run.ts'
import { hostAndPort } from '../../../src/socket/host-and-port.ts'
import { ipv6Bytes } from '../../../src/socket/ipv6-bytes.ts'
import { listenError, validatePort } from '../../../src/socket/listen.ts'

test.each([
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['1::', `0001${'0'.repeat(28)}`],
  ['2001:db8::7:8', '20010db8000000000000000000070008'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
])('the IPv6 address %s has the bytes %s', (address, bytes) => {
  expect(ipv6Bytes(address).toString('hex')).toBe(bytes)
})

test('ipv6Bytes throws an error for text that is not an IPv6 address', () => {
  for (const text of ['', '1.2.3.4', 'localhost', ':::']) expect(() => ipv6Bytes(text)).toThrow(TypeError)
})

test.each([
  ['127.0.0.1', '127.0.0.1:80'],
  ['localhost', 'localhost:80'],
  ['::1', '[::1]:80'],
  ['/run/db.sock', 'unix:/run/db.sock'],
])('the host %s is written with its port as %s', (host, text) => {
  expect(hostAndPort({ host, port: 80 })).toBe(text)
})

describe('the port of a route', () => {
  test.each([0, 1, 65_535])('may be %i', (port) => {
    expect(() => validatePort('a>b', 'listen', port)).not.toThrow()
  })
  test.each([-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('the port %d of a route is refused', (port) => {
    expect(() => validatePort('a>b', 'listen', port)).toThrow(
      `proxy route a>b: the listen port is ${port}. Give one between 0 and 65535.`,
    )
  })

  test('the error for a listen port names the reason why the proxy cannot listen', () => {
    const message = (code: string) => listenError(Object.assign(new Error('why'), { code }), 'a>b', '::1', 80).message
    expect(message('EADDRINUSE')).toContain('proxy route a>b: cannot listen on [::1]:80: the port is taken.')
    expect(message('EACCES')).toContain('Ports below 1024 need privileges')
    expect(message('EOTHER')).toContain('cannot listen on [::1]:80: why')
  })
})

describe('a run of bytes', () => {
  const memory = Buffer.from('abcdef')
  function runOf(isFree: (text: string) => boolean = () => true) {
    const passed: string[] = []
    const run = new Run({
      pass(bytes) {
        passed.push(bytes.toString())
        return isFree(bytes.toString())
      },
      end: () => undefined,
      reset: () => undefined,
      setReading: () => undefined,
      congested: false,
    })
    return { run, passed }
  }

  test('a run of bytes joins adjacent ranges of one buffer, and passes other ranges separately', () => {
    const { run, passed } = runOf()
    for (const [start, end] of [
      [0, 1],
      [1, 3],
      [3, 4],
      [5, 6],
      [4, 5],
    ] as const)
      run.add(memory.subarray(start, end))
    expect(passed).toEqual(['abcd', 'f'])
    run.add(Buffer.from(memory.subarray(5, 6)))
    run.flush()
    run.flush()
    expect(passed).toEqual(['abcd', 'f', 'e', 'f'])
  })

  test('a run of bytes reports its memory as reusable only if none of its bytes are still needed', () => {
    const { run } = runOf((text) => text !== 'b')
    const frees = ['a', 'b', 'c'].map((text) => {
      run.add(Buffer.from(text))
      run.flush()
      return run.takeFree()
    })
    expect([...frees, run.takeFree()]).toEqual([true, false, true, true])
    for (const text of ['b', 'c']) run.add(Buffer.from(text))
    run.flush()
    expect(run.takeFree()).toBe(false)
  })
})
