import type { Conversation, Exit, Intercept } from '@chaosproxy/proxy/parts'

const FRAME = { data: 0, headers: 1, settings: 4 } as const
const END_STREAM = 1
const END_HEADERS = 4

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/**
 * Encodes a short string as one byte with its length, followed by its bytes. HPACK (RFC 7541) and Protocol Buffers both
 * use this format.
 */
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
/** Returns a field that the receiver does not add to its table. The name is an index of that table, or a string. */
const literal = (name: number | string, value: string): Buffer =>
  typeof name === 'number'
    ? Buffer.concat([Buffer.from([name]), text(value)])
    : Buffer.concat([Buffer.from([0]), text(name), text(value)])
const POST = Buffer.from([0x83])
const OK = Buffer.from([0x88])
const PATH = 4
const METHOD = 2

export interface Traffic {
  readonly request: (stream: number) => Buffer
  readonly answer: (stream: number) => Buffer
}

const VALUE = 'v'.repeat(32)
const message = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes])

/** A write of 32 bytes and its answer, as a plain HTTP/2 request and as a gRPC call. */
export const traffic: { readonly [spoken in 'HTTP/2' | 'gRPC']: Traffic } = {
  'HTTP/2': {
    request: (stream) =>
      Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, Buffer.concat([literal(METHOD, 'PUT'), literal(PATH, '/kv/key')])),
        frame(FRAME.data, END_STREAM, stream, Buffer.from(VALUE)),
      ]),
    answer: (stream) =>
      Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, OK),
        frame(FRAME.data, END_STREAM, stream, Buffer.from('done')),
      ]),
  },
  gRPC: {
    request: (stream) => {
      const fields = [POST, literal(PATH, '/kv.v1.Store/Put'), literal('content-type', 'application/grpc')]
      const put = Buffer.concat([Buffer.from([0x0a]), text('key'), Buffer.from([0x12]), text(VALUE)])
      return Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, Buffer.concat(fields)),
        frame(FRAME.data, END_STREAM, stream, message(put)),
      ])
    },
    answer: (stream) =>
      Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, OK),
        frame(FRAME.data, 0, stream, message(Buffer.alloc(0))),
        frame(FRAME.headers, END_HEADERS | END_STREAM, stream, literal('grpc-status', '0')),
      ]),
  },
}

/** Returns the CPU time in microseconds that an interceptor uses for a request and its answer, without sockets. */
export function cpuPerRequest(intercept: Intercept, { request, answer }: Traffic, requests: number): number {
  const delivered = { requests: 0, responses: 0 }
  let tell = (_direction: keyof typeof delivered): void => undefined
  const exit = (direction: keyof typeof delivered): Exit => ({
    pass(bytes) {
      delivered[direction] += bytes.length
      tell(direction)
      return true
    },
    end: () => undefined,
    reset: () => undefined,
    setReading: () => undefined,
    congested: false,
  })
  const conversation: Conversation = {
    id: 1,
    client: { host: '127.0.0.1', port: 1 },
    requests: exit('requests'),
    responses: exit('responses'),
    dial: () => undefined,
    abort: () => undefined,
    guard: (callback) => callback(),
  }
  const interceptor = intercept(conversation)
  tell = (direction) => interceptor[direction].delivered(delivered[direction])
  const settings = frame(FRAME.settings, 0, 0, Buffer.alloc(0))
  interceptor.requests.receive(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]))
  interceptor.responses.receive(settings)
  const asked = Array.from({ length: requests }, (_, i) => [request(2 * i + 1), answer(2 * i + 1)] as const)
  const before = process.cpuUsage()
  for (const [bytes, reply] of asked) {
    interceptor.requests.receive(bytes)
    interceptor.responses.receive(reply)
  }
  const { user, system } = process.cpuUsage(before)
  interceptor.closed()
  return (user + system) / requests
}
