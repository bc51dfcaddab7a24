import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'

/** A server whose reads return the written value. Depending on its argument, they return the value's text instead. */
const SERVER = `import { createServer } from 'node:http'
const [port, answers] = process.argv.slice(2)
const items = new Map()
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  if (!request.url.startsWith('/items/')) return response.writeHead(404).end()
  if (request.method === 'PUT') {
    items.set(request.url, JSON.parse(body).item)
    return response.end('{}')
  }
  const item = items.get(request.url)
  if (item === undefined) return response.writeHead(404).end()
  response.end(JSON.stringify({ item: answers === 'texts' ? String(item) : item }))
}).listen(Number(port), '127.0.0.1')`

function service({ reads = '/items/{key}', answers = 'values', rehearsal = true } = {}): string {
  const cwd = temporaryDirectory()
  const routes = [
    { request: `GET ${reads}`, f: 'read', result: 'json.item', outcomes: { 404: 'absent' } },
    { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
  ]
  writeFileSync(join(cwd, 'server.mjs'), SERVER)
  const command = [process.execPath, join(cwd, 'server.mjs'), '{port}', answers]
  const targets = { kv: { nodes: 1, command, client: { kind: 'http', routes: { routes } } } }
  const config = { target: 'kv', targets, ...(rehearsal ? {} : { rehearsal: false }) }
  writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify(config))
  return cwd
}

const RUN = ['run', '--faults', 'none', '--time', '1s', '--rate', '100', '--seed', '1']

const WRONG = { reads: '/itemz/{key}' }

/** The record of the only run in a directory. */
function record(cwd: string) {
  const results = join(cwd, 'chaos-results')
  const [name = ''] = readdirSync(results).filter((each) => each.endsWith('-kv'))
  return {
    path: join('chaos-results', name, 'history.jsonl'),
    run: JSON.parse(readFileSync(join(results, name, 'run.json'), 'utf8')),
  }
}

describe('chaos run of a service with a route table', () => {
  test('chaos run refuses to start if the first read of its rehearsal does not find what was written', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(RUN, { cwd: service(WRONG) })
    expect(stderr).toContain(
      'the first read after the first write did not find what was written: GET /itemz/r was answered 404, after PUT /items/r {"item":7} was answered 200 {}.',
    )
    expect(stdout).not.toMatch(/lost|linearizable/i)
    expect(exitCode).toBe(3)
  })

  test('clients write strings if the rehearsal shows that the service answers with strings, and a note says so', async () => {
    const cwd = service({ answers: 'texts' })
    const { exitCode, stdout, stderr } = await chaosHere(RUN, { cwd })
    const remark = 'the service answers the string "7" for the number 7, so clients write strings'
    expect(stderr).toContain(remark)
    expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    expect(exitCode).toBe(0)
    const { run, path } = record(cwd)
    expect(run.notes).toContain(remark)
    const checked = await chaosHere(['check', path, '--expect', 'linearizable'], { cwd })
    expect(checked.exitCode).toBe(0)
  })

  test('chaos run prints nothing about a successful rehearsal', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(RUN, { cwd: service() })
    expect(stdout + stderr).not.toMatch(/rehears|was answered/)
    expect(exitCode).toBe(0)
  })

  test.each([
    ['--no-rehearsal is given', {}, ['--no-rehearsal']],
    ['the configuration says so', { rehearsal: false }, []],
  ])('chaos run skips the rehearsal if %s, and notes that in its run.json', async (_, configured, typed) => {
    const cwd = service({ ...WRONG, ...configured })
    const { stderr } = await chaosHere([...RUN, ...typed], { cwd })
    expect(stderr).not.toContain('the first read after the first write')
    expect(record(cwd).run.spec.rehearsal).toBe(false)
  })
})

describe('chaos doctor of a service with a route table', () => {
  test('chaos doctor writes one value to a service with a route table, and reads it back', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(['doctor'], { cwd: service() })
    expect(stderr).toBe('  starting kv, to write one value and read it back\n')
    expect(stdout).toMatch(/✔ rehearsal +n1: PUT \/items\/r \{"item":7\} was answered 200 \{\}\n/)
    expect(stdout).toMatch(/✔ rehearsal +n1: GET \/items\/r was answered 200 \{"item":7\}\n/)
    expect(exitCode).toBe(0)
  })

  test('chaos doctor prints a mismatch of the rehearsal before all other results', async () => {
    const { exitCode, stdout } = await chaosHere(['doctor'], { cwd: service(WRONG) })
    expect(stdout).toMatch(/^What keeps kv from running\n {2}✘ rehearsal .*GET \/itemz\/r was answered 404/)
    expect(exitCode).toBe(4)
  })

  test('chaos doctor --no-rehearsal passes a service whose rehearsal would fail', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(['doctor', '--no-rehearsal'], { cwd: service(WRONG) })
    expect(stdout + stderr).not.toContain('rehearsal')
    expect(exitCode).toBe(0)
  })
})
