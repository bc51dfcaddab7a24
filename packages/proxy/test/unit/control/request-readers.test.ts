import { expect, test } from 'vitest'
import { control } from '../../control/control-plane.ts'

const CARRIES = ['http', 'http2', { kind: 'postgresql', table: 'kv' }] as const

/** Adds a fault to some of three proxies, which carry HTTP/1.1, HTTP/2 and PostgreSQL. */
async function addingTo(proxies: readonly string[], fault: object) {
  const { ask } = await control()
  for (const [i, carries] of CARRIES.entries()) {
    const name = `p${i}`
    const made = await ask('POST', '/v1/proxies', { name, upstream: '127.0.0.1:1', carries, enabled: false })
    expect(made.status).toBe(201)
  }
  const added = await ask('POST', '/v1/faults', { name: 'f', ...fault, proxies })
  return { ask, added }
}

test.each([[['p0']], [['p1']], [['p2']], [['p0', 'p1', 'p2']]])(
  'a fault that loses replies acts on the requests of the proxies %j, and can be removed',
  async (proxies) => {
    const { ask, added } = await addingTo(proxies, { kind: 'lose-reply' })
    expect(added).toMatchObject({
      status: 201,
      json: { name: 'f', hits: 0, links: proxies.map((name) => `clients>${name}`) },
    })
    expect((await ask('DELETE', '/v1/faults/f')).status).toBe(204)
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
  },
)

test.each([
  [['p1'], 'clients>p1: this fault acts on HTTP/1.1, and the link carries HTTP/2. Faults of HTTP/2 are'],
  [['p2'], 'clients>p2: this fault acts on HTTP/1.1, and the link carries SQL. Faults of SQL are'],
])('a fault of HTTP/1.1 on the proxies %j is refused with advice', async (proxies, error) => {
  const { added } = await addingTo(proxies, { kind: 'stale-reply' })
  expect(added).toMatchObject({ status: 400, json: { error: expect.stringContaining(error) } })
})
