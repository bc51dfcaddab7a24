import { expect, test } from 'vitest'
import { withoutCompression } from '../../src/plain-messages.ts'
import { parseServers, serverAt } from '../../src/servers.ts'
import { greetingLength, parseSocksRequest } from '../../src/socks-server.ts'

const CONNECT = Buffer.from([5, 1, 0])
const PORT = Buffer.from([0x1f, 0x90])
const request = (...address: readonly (readonly number[] | Buffer)[]) =>
  Buffer.concat([CONNECT, ...address.map((part) => Buffer.from(part)), PORT])

test('parseSocksRequest reads a host as a name, an IPv4 address or an IPv6 address', () => {
  const name = Buffer.from('shop.test')
  expect(parseSocksRequest(request([3, name.length], name))).toMatchObject({
    host: 'shop.test',
    port: 8080,
    length: 16,
  })
  expect(parseSocksRequest(request([1, 127, 0, 0, 1]))).toMatchObject({ host: '127.0.0.1', port: 8080 })
  const loopback = [...Buffer.alloc(15), 1]
  expect(parseSocksRequest(request([4, ...loopback]))).toMatchObject({ host: '0:0:0:0:0:0:0:1', port: 8080 })
})

test('parseSocksRequest reports a request as incomplete without its last byte, and as malformed without CONNECT', () => {
  const whole = request([1, 127, 0, 0, 1])
  for (let length = 0; length < whole.length; length++)
    expect(parseSocksRequest(whole.subarray(0, length))).toEqual({ type: 'incomplete' })
  expect(parseSocksRequest(Buffer.from([5, 2, 0, 1, 1, 2, 3, 4, 0, 80]))).toEqual({ type: 'malformed' })
  expect(parseSocksRequest(Buffer.from([5, 1, 0, 9, 1, 2, 3, 4, 0, 80]))).toEqual({ type: 'malformed' })
  expect([greetingLength(Buffer.from([5, 2, 0])), greetingLength(Buffer.from([5, 1, 0, 9]))]).toEqual([0, 3])
  expect(greetingLength(Buffer.from('GET /'))).toBeUndefined()
})

/** Returns the output for an input that is cut into pieces of this many bytes. */
async function passed(sent: string, pieceBytes: number): Promise<string> {
  const through = withoutCompression()
  for (let at = 0; at < sent.length; at += pieceBytes) through.write(Buffer.from(sent.slice(at, at + pieceBytes)))
  through.end()
  return Buffer.concat(await through.toArray()).toString()
}

test.each([1, 7, 1_000])(
  'an upgrade request in pieces of %i bytes is forwarded unchanged except for the offer of compression',
  async (pieceBytes) => {
    const frames = 'sec-websocket-extensions: stays\r\n'
    const head = (offer: string) => `GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n${offer}Host: a\r\n\r\n${frames}`
    expect(await passed(head('Sec-WebSocket-Extensions: permessage-deflate\r\n'), pieceBytes)).toBe(head(''))
    for (const other of [
      'GET /a HTTP/1.1\r\nSec-WebSocket-Extensions: x\r\n\r\n',
      'POST / HTTP/1.1\r\n\r\nbody',
      'GE',
      '',
    ])
      expect(await passed(other, pieceBytes)).toBe(other)
  },
)

test('an incomplete request header is forwarded as soon as it exceeds 16 KiB', async () => {
  const endless = `GET /${'a'.repeat(40_000)}`
  expect(await passed(endless, 1_000)).toBe(endless)
})

test('a server on this machine is found by its port and any name of the machine', () => {
  const servers = parseServers({ api: 'http://localhost:3000', shop: 'https://shop.test', chat: '127.0.0.1:3001' })
  expect(serverAt(servers, '127.0.0.1', 3000)?.name).toBe('api')
  expect(serverAt(servers, '0:0:0:0:0:0:0:1', 3001)?.name).toBe('chat')
  expect(serverAt(servers, 'SHOP.test', 443)).toMatchObject({ name: 'shop', isSecure: true })
  expect(serverAt(servers, '127.0.0.1', 9)).toBeUndefined()
})

test.each([
  [{ 'a b': 'http://localhost:1' }, 'a server cannot be called "a b"'],
  [{ clients: 'http://localhost:1' }, 'a server cannot be called "clients"'],
  [{ api: 'ftp://localhost' }, 'api is at "ftp://localhost", which is not an origin'],
  [{ one: 'http://localhost:1', two: '127.0.0.1:1' }, 'one and two are both at localhost:1'],
])('the servers %o are refused with the reason', (servers, reason) => {
  expect(() => parseServers(servers)).toThrow(reason)
})
