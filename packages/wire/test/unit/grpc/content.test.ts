import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isGrpc, messagesOf, onlyMessage } from '../../../src/grpc/grpc-content.ts'
import { describeGrpcStatus, grpcStatusNames, usualGrpcOutcome } from '../../../src/grpc/grpc-status.ts'
import type { MessageType } from '../../../src/grpc/message-type.ts'

const prefixed = (bytes: Buffer, isCompressed = false): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = isCompressed ? 1 : 0
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
const hello = Buffer.from('hello')

describe('a body of gRPC', () => {
  test.each<readonly [string, Buffer, string | undefined, readonly (string | undefined)[] | undefined]>([
    ['nothing', Buffer.alloc(0), undefined, []],
    ['one message', prefixed(hello), undefined, ['hello']],
    ['two messages', Buffer.concat([prefixed(hello), prefixed(Buffer.alloc(0))]), undefined, ['hello', '']],
    ['a message in gzip', prefixed(gzipSync(hello), true), 'gzip', ['hello']],
    ['a message in deflate', prefixed(deflateSync(hello), true), 'Deflate', ['hello']],
    ['a message in another coding', prefixed(hello, true), 'snappy', [undefined]],
    ['a message in an unnamed coding', prefixed(hello, true), undefined, [undefined]],
    ['a damaged message in gzip', prefixed(hello, true), 'gzip', [undefined]],
    ['a part of a prefix', prefixed(hello).subarray(0, 4), undefined, undefined],
    ['a prefix alone', prefixed(hello).subarray(0, 5), undefined, undefined],
    ['a part of a message', prefixed(hello).subarray(0, 9), undefined, undefined],
    ['a message and a byte', Buffer.concat([prefixed(hello), Buffer.alloc(1)]), undefined, undefined],
  ])(
    'messagesOf returns the messages of a gRPC body only if all of them are whole: %s',
    (_, body, encoding, messages) => {
      expect(messagesOf(body, encoding)?.map((message) => message?.toString())).toEqual(messages)
    },
  )

  test('a gRPC body is decompressed up to 16 MiB', () => {
    const unpacked = (bytes: number) =>
      messagesOf(prefixed(gzipSync(Buffer.alloc(bytes), { level: 1 }), true), 'gzip')?.map((message) => message?.length)
    expect([unpacked(16 << 20), unpacked((16 << 20) + 1)]).toEqual([[16 << 20], [undefined]])
  })

  test('a gRPC body with exactly one message is read as JSON if the message type is known, and otherwise as bytes', () => {
    const type: MessageType = {
      name: 'a.Text',
      fields: new Map([[1, { name: 'text', kind: 'string', shape: 'single', hasDefault: true, oneof: undefined }]]),
    } as never
    const message = Buffer.concat([Buffer.from([0x0a, 5]), hello])
    expect(onlyMessage({ bytes: prefixed(message) }, undefined, type)).toEqual({ json: { text: 'hello' } })
    expect(onlyMessage({ bytes: prefixed(message) }, undefined, undefined)).toEqual({ bytes: message })
    expect(onlyMessage({ bytes: prefixed(hello) }, undefined, type)).toBeUndefined()
    expect(
      onlyMessage({ bytes: Buffer.concat([prefixed(message), prefixed(message)]) }, undefined, type),
    ).toBeUndefined()
    expect(onlyMessage({ bytes: Buffer.alloc(0) }, undefined, undefined)).toBeUndefined()
    expect(onlyMessage({ bytes: prefixed(hello, true) }, undefined, undefined)).toBeUndefined()
    expect(onlyMessage({ sha256: '', length: 9 }, undefined, type)).toBeUndefined()
    expect(onlyMessage(undefined, undefined, type)).toBeUndefined()
  })

  test.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['Application/GRPC; charset=x', true],
    ['application/grpc-web', false],
    ['application/grpcx', false],
    ['text/application/grpc', false],
    [undefined, false],
  ])('a body with the content type %s is a gRPC body: %s', (contentType, is) => {
    expect(isGrpc(contentType)).toBe(is)
  })
})

describe('a status of gRPC', () => {
  test('a gRPC status has the name that the gRPC protocol gives to its number', () => {
    expect(grpcStatusNames.map((name, number) => `${number} ${name}`).slice(0, 6)).toEqual([
      ...['0 OK', '1 CANCELLED', '2 UNKNOWN', '3 INVALID_ARGUMENT', '4 DEADLINE_EXCEEDED', '5 NOT_FOUND'],
    ])
    expect([grpcStatusNames[8], grpcStatusNames[14], grpcStatusNames[16]]).toEqual([
      'RESOURCE_EXHAUSTED',
      'UNAVAILABLE',
      'UNAUTHENTICATED',
    ])
    expect([describeGrpcStatus(5), describeGrpcStatus(17)]).toEqual(['grpc 5 NOT_FOUND', 'grpc 17'])
  })

  test('a gRPC status means success only if it is 0, and definite failure only if it is one of eight known numbers', () => {
    const outcomes = Array.from({ length: 18 }, (_, status) => usualGrpcOutcome(status))
    const refusals = outcomes.flatMap((outcome, status) => (outcome === 'fail' ? [status] : []))
    expect(refusals).toEqual([3, 5, 6, 7, 9, 11, 12, 16])
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
    expect(outcomes[0]).toBe('ok')
  })
})
