import { createRandom, httpFamily } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { BodyPrefix } from '../../../src/http/body-prefix.ts'
import { HttpRule } from '../../../src/http/http-rule.ts'
import { makeUpReply, type Reply } from '../../../src/http/reply.ts'

const KIB = 1024

describe('the earlier responses of stale-reply', () => {
  function notes(): (request: string, given: Reply) => Reply | undefined {
    const fault = httpFamily.parse({ kind: 'stale-reply', links: ['clients>n1'] }, 'test')
    const standing = { fault, appliedAtMs: 0, hits: 0, missed: 0, missedBecause: undefined, recent: [] }
    const { earlier } = new HttpRule(standing, createRandom(1))
    if (earlier === undefined) throw new Error('stale-reply remembers responses')
    return (request, given) => earlier.note(request, given)
  }
  const reply = (text: string, status = 200) => makeUpReply(status, text, { close: false, method: 'GET' })

  test('stale-reply keeps the earlier responses to the last 1,000 requests', () => {
    const note = notes()
    for (let i = 0; i < 1000; i++) note(`GET /${i}`, reply('old'))
    expect(note('GET /0', reply('new'))?.body.bytes.toString()).toBe('old')
    note('GET /another', reply('old'))
    expect(note('GET /2', reply('new'))?.body.bytes.toString()).toBe('old')
    expect(note('GET /1', reply('new'))).toBeUndefined()
  })

  test('stale-reply keeps at most 64 MiB of responses, and first discards the responses to the oldest request', () => {
    const note = notes()
    const bytes = Buffer.alloc(8 * KIB * KIB)
    const large = { ...reply(''), raw: bytes, body: { bytes } }
    for (let i = 0; i < 4; i++) note(`GET /${i}`, large)
    note('GET /0', large)
    note('GET /4', reply('new'))
    // Compare the responses here, because `expect` would take seconds to print their difference.
    const isKept = (path: string) => note(`GET ${path}`, reply('new')) === large
    expect([isKept('/0'), isKept('/1'), isKept('/3')]).toEqual([false, true, true])
  })

  test('stale-reply keeps the previous response of each resource, even if a large resource changes 20 times', () => {
    const note = notes()
    const large = reply('x'.repeat(4 * KIB * KIB))
    note('GET /small', reply('old'))
    note('GET /large', large)
    for (let i = 1; i <= 20; i++) expect(note('GET /large', { ...large, status: 200 + i })?.status).toBe(199 + i)
    expect(note('GET /small', reply('new'))?.body.bytes.toString()).toBe('old')
  })
})

test('a fault searches exactly the first 64 KiB of a body', () => {
  const prefix = new BodyPrefix()
  prefix.start()
  const body = Buffer.alloc(65 * KIB, 'x')
  prefix.add(body, 1, 64 * KIB)
  expect(prefix.isFull).toBe(false)
  prefix.add(body, 0, 10)
  expect([prefix.isFull, prefix.content(undefined)?.length]).toEqual([true, 64 * KIB])
})
