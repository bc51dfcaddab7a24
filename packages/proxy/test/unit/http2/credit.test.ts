import { describe, expect, test } from 'vitest'
import { links, ManualClock } from '../../../../testing/src/sockets.ts'
import { FLAG, FRAME, framesOf, PREFACE, typeOf, windowUpdate } from '../../../../wire/src/http2/frames.ts'
import { encodePlainly } from '../../../../wire/src/http2/plain-block.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import type { Exit } from '../../../src/interceptor/interceptor.ts'
import { frame } from '../../http2/frame.ts'

const settings = frame(FRAME.settings, 0, 0)
const headers = (stream: number, fields: { readonly [name: string]: string }) => {
  const entries = Object.entries(fields).map((field) => ({ field, isNeverIndexed: false }))
  return frame(FRAME.headers, FLAG.endHeaders, stream, encodePlainly(entries))
}
const data = (stream: number, text: string, flags = 0) => frame(FRAME.data, flags, stream, Buffer.from(text))

/** Returns the WINDOW_UPDATE frames that server and client get while a request and its response pass under a fault. */
function updatesUnder(fault: object, request: readonly Buffer[], response: readonly Buffer[]) {
  const faults = createHttp2Faults({ seed: 1, clock: new ManualClock() })
  const outlet = () => {
    const passed: Buffer[] = []
    const exit = { pass: (bytes: Buffer) => passed.push(Buffer.from(bytes)) > 0, setReading: () => undefined }
    return { passed, exit: { ...exit, end: () => undefined, reset: () => undefined, congested: false } as Exit }
  }
  const [there, here] = [outlet(), outlet()]
  const { requests, responses } = faults.intercept({ from: 'clients', to: 'n1' })({
    ...{ id: 1, client: { host: '127.0.0.1', port: 1 }, requests: there.exit, responses: here.exit },
    ...{ dial: () => undefined, abort: () => undefined, guard: (act) => act() },
  })
  faults.apply({ links: links.to, ...fault } as Parameters<typeof faults.apply>[0])
  requests.receive(
    Buffer.concat([PREFACE, settings, headers(1, { ':method': 'PUT', ':path': '/a', ':scheme': 'http' })]),
  )
  for (const each of request) requests.receive(each)
  responses.receive(Buffer.concat([settings, headers(1, { ':status': '200' })]))
  for (const each of response) responses.receive(each)
  const updatesIn = ({ passed }: typeof there, skippedBytes: number) =>
    framesOf(Buffer.concat(passed).subarray(skippedBytes)).filter((each) => typeOf(each) === FRAME.windowUpdate)
  return { server: updatesIn(there, PREFACE.length), client: updatesIn(here, 0) }
}

describe('the flow-control credit of dropped bytes', () => {
  test('dropped bytes return flow-control credit to their connection, and to their stream while it is open', () => {
    const response = [data(1, 'abc'), data(1, ''), data(1, 'de', FLAG.endStream)]
    const { server, client } = updatesUnder(
      { kind: 'lose-reply', silence: 'reset' },
      [data(1, 'v', FLAG.endStream)],
      response,
    )
    expect(server).toEqual([windowUpdate(3), windowUpdate(3, 1), windowUpdate(2)])
    expect(client).toEqual([])
  })

  test('after a stream reset, dropped bytes return flow-control credit only to the connection', () => {
    const request = [data(1, 'abc'), data(1, 'de', FLAG.endStream)]
    const { server, client } = updatesUnder({ kind: 'reset-stream', code: 'CANCEL' }, request, [
      data(1, 'fghi', FLAG.endStream),
    ])
    expect(server).toEqual([windowUpdate(4)])
    expect(client).toEqual([windowUpdate(3), windowUpdate(2)])
  })

  test('no flow-control credit is returned for bytes that are passed on', () => {
    const { server, client } = updatesUnder(
      { kind: 'lose-reply', silence: 'reset', match: { path: '/b' } },
      [data(1, 'a')],
      [data(1, 'abc', FLAG.endStream)],
    )
    expect([server, client]).toEqual([[], []])
  })
})
