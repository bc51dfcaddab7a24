import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { Traffic } from '../../src/postgresql/traffic.ts'

const message = (type: string, ...body: readonly number[]): Buffer =>
  Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + body.length, ...body])
const [flush, sync, ready] = [message('H'), message('S'), message('Z', 0x49)]
const [parse, bind, described, done] = ['P', 'B', 't', 'C'].map((type) => message(type, 0))
const bytes = (...all: readonly (Buffer | undefined)[]): Buffer => Buffer.concat(all.map((each) => each ?? Buffer.of()))

/** `tell` sends queries on a connection. Returns the client's request to which each query belongs. */
function requestsIn(tell: (connection: ReturnType<Traffic['connection']>) => void): readonly (string | undefined)[] {
  const traffic = new Traffic(() => nanos(0))
  tell(traffic.connection())
  return traffic.passed().flatMap((each) => (each.kind === 'asked' ? [each.request] : []))
}
const resumedOf = (...requests: readonly string[]) => requests.map((request) => ({ request, site: 1 }))

test('an extended query belongs to the request that began it, even if a callback of the connection sends its end', () => {
  const requests = requestsIn((connection) => {
    connection.sent(bytes(parse, flush), 'A', undefined)
    connection.answered(bytes(described))([])
    connection.sent(bytes(bind, sync), 'of the connection', undefined)
    connection.answered(bytes(done, ready))(resumedOf('A'))
    connection.sent(bytes(bind, sync), 'B', undefined)
    connection.answered(bytes(done, ready))(resumedOf('B'))
  })
  expect(requests).toEqual(['A', 'A', 'B'])
})

test('queries sent before the first reply belong to the requests that resume at their replies, or to no request', () => {
  const requests = requestsIn((connection) => {
    for (const request of ['A', 'B', 'C']) connection.sent(bytes(bind, sync), request, undefined)
    connection.answered(bytes(done, ready, done, ready))(resumedOf('A', 'B'))
  })
  expect(requests).toEqual(['A', 'B', undefined])
})
