import { describe, expect, test } from 'vitest'
import { compileRequestMaker } from '../../../src/routes/making/request-maker.ts'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { createSpellings } from '../../../src/routes/table/segment-spellings.ts'

describe('the percent-encoding of a path segment', () => {
  test('the encoding of a path segment follows RFC 3986, or the latest other encoding that a client used', () => {
    const spellings = createSpellings()
    expect(spellings.of('a@b c')).toBe('a@b%20c')
    spellings.sent('a@b c', 'a%40b%20c')
    expect(spellings.of('a@b c')).toBe('a%40b%20c')
    spellings.sent('a@b c', 'a@b%20c')
    expect(spellings.of('a@b c')).toBe('a@b%20c')
  })

  test('if path segments exceed the limit, the encoding of the least recently used segment is forgotten', () => {
    const spellings = createSpellings(2)
    for (const [text, spelling] of [
      ['a', '%61'],
      ['b', '%62'],
      ['a', '%61'],
      ['c', '%63'],
    ] as const)
      spellings.sent(text, spelling)
    expect(['a', 'b', 'c'].map(spellings.of)).toEqual(['%61', 'b', '%63'])
  })

  test('a very long or non-ASCII path segment is encoded by RFC 3986, even if a client used another encoding', () => {
    const spellings = createSpellings()
    spellings.sent('\u00e9', '\u00c3\u00a9')
    expect(spellings.of('\u00e9')).toBe('%C3%A9')
    spellings.sent('a'.repeat(500), '%61'.repeat(500))
    expect(spellings.of('a'.repeat(500))).toBe('a'.repeat(500))
  })

  test('the percent-encoding that a client uses is remembered for each part of a key, and reused in generated requests', () => {
    const route = { request: 'GET,PUT /{tenant}/{id}', f: 'read', key: ['path.tenant', 'path.id'], result: 'body' }
    const table = { ...parseRouteTable({ routes: [route] }, 'routes.json'), spellings: createSpellings() }
    const head = { method: 'PUT', target: '/%61cme/x%3ay', headers: { get: () => undefined } }
    const peer = { connection: 0, address: '127.0.0.1', process: undefined }
    const { understanding } = compileMapping(table).match(head).understand(head, undefined, peer)
    const key = understanding.kind === 'operations' ? String(understanding.calls[0].key) : ''
    expect(key).toBe('acme/x:y')
    const asker = { session: '', requestId: '', final: true }
    const made = compileRequestMaker(table, 'routes.json').make({ f: 'read', key, value: null }, asker)
    expect(made).toMatchObject({ request: { target: '/%61cme/x%3ay' } })
  })
})
