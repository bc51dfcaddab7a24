import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Three Python processes with URLs of their own design: two ids in each path, values deep inside JSON bodies, and weak
// ETags. A route table alone describes the requests, whatever client sends them.

const short = process.env['CHAOS_SOAK'] === 'short'

const NOTE = '/shelves/{shelf}/notes/{id}'
const key = ['path.shelf', 'path.id']
const TEXT = 'json.note.body.text'
const absent = { 404: 'absent' }
const sends = { [TEXT]: '{value}' }

const byText = {
  client: 'header.X-Client',
  initial: { value: null },
  routes: [
    { request: `GET ${NOTE}`, f: 'read', key, result: TEXT, outcomes: absent },
    { request: `PUT ${NOTE}`, f: 'write', key, value: TEXT },
    { request: `POST ${NOTE}/revise`, f: 'cas', key, value: ['json.was', 'json.becomes'] },
    { request: `DELETE ${NOTE}`, f: 'write', key, value: { const: null } },
  ],
}

const [match, version] = ['header.If-Match', 'answer.header.ETag']
const byVersion = {
  initial: { value: null },
  routes: [
    { request: `GET ${NOTE}`, f: 'read', key, result: 'header.ETag', outcomes: absent },
    { request: `PUT ${NOTE}`, when: { [match]: { there: true } }, f: 'cas', key, value: [match, version], sends },
    { request: `PUT ${NOTE}`, f: 'write', key, value: version, sends },
  ],
}

type Reads = 'local' | 'primary'
const SERVER = 'python3 notes-service.py --listen {listen}'

function directoryWith(routes: object): string {
  const directory = temporaryDirectory()
  cpSync(join(import.meta.dirname, '../../record/notes-service.py'), join(directory, 'notes-service.py'))
  writeFileSync(join(directory, 'routes.json'), JSON.stringify(routes))
  return directory
}

async function expectJudged(args: readonly string[], reads: Reads, cwd: string): Promise<void> {
  const { exitCode, stdout, stderr } = await chaos([...args], { cwd })
  if (reads === 'local') {
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/\S+:? read .*(before|since|after)/)
    expect(exitCode).toBe(1)
  } else {
    expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
    expect(stdout).toMatch(/eventual +✔ met/)
    expect(exitCode).toBe(0)
  }
}

const ASKED = ['--faults', 'none', '--time', '2500ms', '--rate', '150', '--timeout', '10s', '--expect', 'linearizable']

async function generated(routes: object, reads: Reads, seed: number): Promise<void> {
  const cwd = directoryWith(routes)
  const replica = { command: `${SERVER} --primary {peer.n1} --reads ${reads}` }
  const declaration = {
    nodes: [{ command: `${SERVER} --replicas {peer.n2},{peer.n3}` }, replica, replica],
    ready: { by: 'http', path: '/alive' },
    client: { kind: 'http', routes: 'routes.json' },
  }
  writeFileSync(join(cwd, 'notes.json'), JSON.stringify(declaration))
  await expectJudged(['run', '--target', './notes.json', ...ASKED, '--seed', `${seed}`], reads, cwd)
}

/** Two concurrent sessions. Each curl process writes to one server, and then immediately reads from another server. */
const CURL = `
session() {
  for i in $(seq 1 12); do
    url=/shelves/s/notes/17
    curl -sS -o /dev/null -H "X-Client: $1" -X PUT "http://$2$url" -d "{\\"note\\":{\\"body\\":{\\"text\\":\\"$1-$i\\"}}}" \\
      --next -sS -o /dev/null -H "X-Client: $1" "http://$3$url"
  done
}
session a {n1} {n2} & session b {n2} {n3} & wait
`

/** A script for wrk that writes and reads three notes. Each text is written once. */
const LUA = `
local n = 0
request = function()
  n = n + 1
  local path = "/shelves/s/notes/" .. (n % 3)
  if n % 2 == 0 then return wrk.format("GET", path) end
  return wrk.format("PUT", path, nil, '{"note":{"body":{"text":"' .. n .. '"}}}')
end
`

async function recorded(command: readonly string[], reads: Reads, more: readonly string[] = []): Promise<void> {
  const cwd = directoryWith(byText)
  writeFileSync(join(cwd, 'notes.lua'), LUA)
  const replica = `${SERVER} --primary {n1.direct} --reads ${reads}`
  const servers = [`${SERVER} --replicas {n2.direct},{n3.direct}`, replica, replica]
  const args = servers.flatMap((server, index) => ['--name', `n${index + 1}`, '--serve', server])
  await expectJudged(
    ['record', ...args, '--as', 'routes.json', '--expect', 'linearizable', ...more, '--', ...command],
    reads,
    cwd,
  )
}

const curl = (reads: Reads) => recorded(['bash', '-c', CURL], reads)
const wrk = (reads: Reads) =>
  recorded(['wrk', '-t1', '-c4', '-d1s', '-s', 'notes.lua', 'http://{n2}'], reads, ['--client', 'connection'])

const lacking = ['python3', 'curl', 'wrk'].find((program) => installed(program) === undefined)

describe.skipIf(lacking !== undefined)(
  `a service of three processes in Python${lacking === undefined ? '' : `: ${whySkipped(lacking)}`}`,
  () => {
    describe.each(short ? [1] : [1, 2, 3])('the service in Python under load with seed %i', (seed) => {
      test('the service in Python returns stale texts from its replicas', () => generated(byText, 'local', seed))
      test('the service in Python is linearizable if replicas ask the primary', () =>
        generated(byText, 'primary', seed))
      test('the service in Python returns stale ETag versions from its replicas', () =>
        generated(byVersion, 'local', seed))
      test('the ETag versions of the service in Python are linearizable if replicas ask the primary', () =>
        generated(byVersion, 'primary', seed))
    })

    test('the service in Python returns stale texts to curl', () => curl('local'))
    test('the service in Python is linearizable for curl if replicas ask the primary', () => curl('primary'))
    test('the service in Python returns stale texts to wrk', () => wrk('local'))
    test('the service in Python is linearizable for wrk if replicas ask the primary', () => wrk('primary'))
  },
)
