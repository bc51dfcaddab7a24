import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseSchema } from '../../../src/grpc/parse-schema.ts'

const descriptor = { base64: readFileSync(new URL('../../grpc/shop.desc', import.meta.url)).toString('base64') }
const messages = { 'a.Put': ['bytes key = 1'] }
const methods = { '/a.KV/Put': ['a.Put', 'a.Put'] }

describe('the schema of a route table', () => {
  test('a gRPC schema is built from a descriptor or from declarations, and is undefined without either', () => {
    expect(parseSchema({ descriptor }, 'x')?.messages.has('shop.v1.Everything')).toBe(true)
    expect([...(parseSchema({ messages, methods }, 'x')?.methods.keys() ?? [])]).toEqual(['/a.KV/Put'])
    expect([...(parseSchema({ messages }, 'x')?.messages.keys() ?? [])]).toEqual(['a.Put'])
    expect(parseSchema({ routes: [] }, 'x')).toBeUndefined()
  })

  test.each([
    [{ descriptor, messages, methods }, 'x has "descriptor" and "messages": give one of them.'],
    [{ descriptor, methods }, 'x has "descriptor" and "methods": give one of them.'],
    [{ descriptor: 'shop.desc' }, 'x: "descriptor" is "shop.desc". A file name is not possible here'],
    [{ descriptor: null }, 'x: "descriptor" is null. A file name is not possible here'],
    [{ methods }, 'x: "methods": /a.KV/Put: give the types of the request and of the response'],
  ])('an invalid gRPC schema is refused with advice (case %#)', (members, message) => {
    expect(() => parseSchema(members, 'x')).toThrow(message)
  })
})
