import { expect, test } from 'vitest'
import { latency, withProxies } from '../../control/two-proxies.ts'

/** Returns arrays that are nested this deep. */
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const fault = { ...latency, proxies: ['n1'] }
const udp = { name: 'dns', upstream: '127.0.0.1:53', protocol: 'udp' }
const manyLinks = (count: number) => Array.from({ length: count }, (_, i) => `a${i}>b`)

test.each([
  ['POST', '/v1/faults', { ...fault, direction: 'sideways' }, 400, '"direction" is "sideways". Give both, upstream'],
  [
    'POST',
    '/v1/faults',
    { ...latency, links: ['clients>n1'], direction: 'upstream' },
    400,
    '"direction" needs "proxies"',
  ],
  ['POST', '/v1/faults', { ...fault, links: ['clients>n1'] }, 400, 'give "links" or "proxies", not both'],
  ['POST', '/v1/faults', { ...fault, name: 5 }, 400, '"name" is 5. Give a string.'],
  ['POST', '/v1/faults', { ...fault, lease: '' }, 400, '"lease" is "". Give a string.'],
  ['POST', '/v1/faults', { ...latency, proxies: [] }, 400, '"proxies" is [].'],
  ['POST', '/v1/faults', { ...latency, proxies: 'n1' }, 400, '"proxies" is "n1".'],
  ['POST', '/v1/faults', { ...latency, proxies: ['nothing'] }, 404, 'proxy not found'],
  [
    'POST',
    '/v1/faults',
    { ...latency, links: manyLinks(1_001) },
    400,
    '1001 links are given; a fault has at most 1000',
  ],
  ['POST', '/v1/faults', { ...latency, links: manyLinks(1_000) }, 400, 'no proxy carries the link a0>b'],
  ['POST', '/v1/faults', { ...latency, links: ['x>y'] }, 400, 'no proxy carries the link x>y'],
  ['POST', '/v1/faults', { ...fault, name: 'f'.repeat(601) }, 400, 'has 601 characters; at most 600 are allowed'],
  ['POST', '/v1/faults', nested(64), 400, 'is not an object'],
  ['POST', '/v1/faults', nested(65), 400, 'the body has more than 64 levels of nesting'],
  ['PUT', '/v1/faults/f', { ...fault, name: 'g' }, 400, 'the path names the fault "f", but the body names "g"'],
  ['GET', '/v1/faults/nothing', undefined, 404, 'there is no fault "nothing"'],
  ['DELETE', '/v1/faults/nothing', undefined, 404, 'there is no fault "nothing"'],
  ['PUT', '/v1/rules', { faults: 5 }, 400, '"faults" must be a list of faults'],
  ['PUT', '/v1/rules', { faults: [], more: 1 }, 400, 'unknown member "more". Known: faults.'],
  ['PUT', '/v1/rules', { faults: Array.from({ length: 1_001 }, () => fault) }, 400, '1001 faults are given; at most'],
  ['PUT', '/v1/rules', { faults: Array.from({ length: 1_000 }, () => ({ ...fault, name: 'f' })) }, 400, 'named twice'],
  ['PUT', '/v1/rules', { faults: [0, 1].map(() => ({ ...fault, name: 'f' })) }, 400, 'the fault "f" is named twice'],
  ['PUT', '/v1/partitions/p', { groups: [['n1']] }, 400, '"groups" must be two or more lists of link ends'],
  ['PUT', '/v1/partitions/p', { groups: [['n1'], ['a']] }, 400, 'no proxy carries a link between these groups'],
  ['POST', '/v1/proxies', { name: 'n1', upstream: '127.0.0.1:1' }, 409, 'proxy already exists'],
  ['POST', '/v1/proxies', { name: '', upstream: '127.0.0.1:1' }, 400, '"name" is "". Give a string.'],
  ['POST', '/v1/proxies', { name: 'x', upstream: '' }, 400, '"upstream" is "". Give a string.'],
  ['POST', '/v1/proxies', { name: 'x', upstream: '127.0.0.1:1', from: 'a>b' }, 400, 'must not contain ">"'],
  ['POST', '/v1/proxies', { name: 'x', upstream: '127.0.0.1:1', to: 'n1' }, 409, 'already carries the link clients>n1'],
  ['POST', '/v1/proxies', { name: 'x', upstream: '127.0.0.1:1', to: 'a'.repeat(300) }, 400, 'an end of a link has 300'],
  ['POST', '/v1/proxies', { ...udp, carries: 'http' }, 400, 'carries: only TCP traffic is parsed'],
  ['POST', '/v1/proxies', { ...udp, upstream: 'unix:/tmp/x' }, 403, 'only --upstream, --listen and --config may name'],
  ['GET', '/v1/proxies/nothing', undefined, 404, 'proxy not found'],
  ['GET', '/v1/links/x%3Ey', undefined, 404, 'there is no link "x>y"'],
  ['DELETE', '/v1/leases/nothing', undefined, 404, 'there is no lease "nothing"'],
  ['GET', '/v1/history', undefined, 404, ''],
  ['POST', '/proxies', { name: 'x' }, 400, 'missing required field: upstream'],
  ['POST', '/proxies/n1/toxics', { type: 'nothing' }, 400, 'invalid toxic type'],
  ['POST', '/proxies/n1/toxics', { type: 'latency', stream: 'x' }, 400, 'stream was invalid'],
  ['GET', '/proxies/n1/toxics/nothing', undefined, 404, 'toxic not found'],
])(
  'the request %s %s with the body %j gets status %i and the error %j',
  async (method, path, body, status, message) => {
    const { ask } = await withProxies()
    const answer = await ask(method, path, body)
    expect([answer.status, answer.text]).toEqual([
      status,
      expect.stringContaining(JSON.stringify(message).slice(1, -1)),
    ])
  },
)

test('GET /v1/events replies 400 if "since" is negative or not a number', async () => {
  const { ask } = await withProxies()
  expect((await ask('GET', '/v1/events?since=-1')).status).toBe(400)
  expect((await ask('GET', '/v1/events?since=x')).status).toBe(400)
})

test('a fault has a repeated link only once, and has only the link of its direction if a direction is given', async () => {
  const { ask } = await withProxies()
  const twice = await ask('POST', '/v1/faults', { ...latency, links: ['clients>n1', 'clients>n1'] })
  expect(twice).toMatchObject({ status: 201, json: { links: ['clients>n1'] } })
  const placed = async (direction?: string) => (await ask('POST', '/v1/faults', { ...fault, direction })).json.links
  expect(await placed()).toEqual(['clients>n1', 'n1>clients'])
  expect(await placed('both')).toEqual(['clients>n1', 'n1>clients'])
  expect(await placed('upstream')).toEqual(['clients>n1'])
  expect(await placed('downstream')).toEqual(['n1>clients'])
})
