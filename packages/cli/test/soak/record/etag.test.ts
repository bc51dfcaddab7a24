import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Records a service with ETags whose clients lose replies. The version in a lost reply is unknown. The checker assumes
// that each write without a reply wrote one version, different from all others, or nothing.

const SERVICE = join(import.meta.dirname, '../../record/etag-service.mjs')

const table = {
  client: 'header.x-client',
  routes: [
    { request: 'GET /docs/{key}', f: 'read', result: 'header.ETag', outcomes: { 404: 'absent' } },
    {
      request: 'PUT /docs/{key}',
      when: { 'header.If-Match': { there: true } },
      f: 'cas',
      value: ['header.If-Match', 'answer.header.ETag'],
    },
    { request: 'PUT /docs/{key}', f: 'write', value: 'answer.header.ETag' },
  ],
}

/**
 * Each client reads a document and then writes it, usually on condition that no other client has written it in between.
 */
const CLIENTS = `
const at = process.argv[2]
const ask = async (key, options) => {
  const answer = await fetch('http://' + at + '/docs/' + key, { ...options, signal: AbortSignal.timeout(300) })
  await answer.text()
  return answer.headers.get('etag')
}
const use = async (client) => {
  for (let i = 0; i < 60; i++) {
    const headers = { 'x-client': client }
    try {
      const tag = await ask('d' + (i % 4), { headers })
      const condition = tag !== null && i % 3 > 0 ? { 'if-match': tag } : {}
      await ask('d' + (i % 4), { method: 'PUT', body: client + i, headers: { ...headers, ...condition } })
    } catch {}
  }
}
await Promise.all(['a', 'b', 'c', 'd'].map(use))
`

async function record(mode: string) {
  const directory = temporaryDirectory()
  const [routes, clients] = [join(directory, 'routes.json'), join(directory, 'clients.mjs')]
  writeFileSync(routes, JSON.stringify(table))
  writeFileSync(clients, CLIENTS)
  const recorded = ['record', '--serve', `node ${SERVICE} {port} ${mode}`, '--as', routes, '--out', directory]
  const asked = ['--faults', 'lose-reply', '--time', '30s', '--expect', 'linearizable', '--seed', '7']
  const { stdout, exitCode } = await chaos([...recorded, ...asked, '--json', '--', 'node', clients, '{n1}'])
  const { operations, levels } = JSON.parse(stdout)
  return { lost: operations.info as number, result: levels.linearizable.result as string, exitCode }
}

test('a correct ETag service is linearizable even if replies to writes are lost', async () => {
  const { lost, ...judged } = await record('right')
  expect(lost).toBeGreaterThan(0)
  expect(judged).toEqual({ result: 'met', exitCode: 0 })
})

test('a service that ignores If-Match, or returns stale reads, is reported', async () => {
  expect(await record('ignores')).toMatchObject({ result: 'violated', exitCode: 1 })
  expect(await record('stale')).toMatchObject({ result: 'violated', exitCode: 1 })
})
