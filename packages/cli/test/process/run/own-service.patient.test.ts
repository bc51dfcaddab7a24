import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { isPatient, patientTest, test } from '../../../../testing/src/patient.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { byValue, byVersion, type Reads, startService, writeTarget } from '../../run/items-service.ts'

// Tests an unmodified service with three processes. A route table tells chaos how to read and write.

/** The command of a client that runs on every machine with Node. */
const ASK = `'${process.execPath}' '${join(import.meta.dirname, '../../run/ask.mjs')}'`
const PATIENT = ['--timeout', '5s', '--time', '2500ms', '--rate', '200', '--seed', '3']

async function driven(routes: object, reads: Reads) {
  const directory = temporaryDirectory()
  const target = writeTarget(directory, routes, reads)
  return chaos([
    'run',
    '--target',
    target,
    '--faults',
    'none',
    '--expect',
    'linearizable',
    '--out',
    directory,
    ...PATIENT,
  ])
}

describe("a user's service driven through a route table", () => {
  test("a user's service whose replicas return stale reads is not linearizable", async () => {
    const { exitCode, stdout } = await driven(byValue, 'local')
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/Client \d+(?: read \S+ for \w+|: read|'s read(?: \w+)?) from n[123] at/)
    expect(exitCode).toBe(1)
  })

  patientTest(
    "a user's service with compare-and-set in the body is linearizable if replicas ask the primary",
    async () => {
      const { exitCode, stdout } = await driven(byValue, 'primary')
      expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
      expect(exitCode).toBe(0)
    },
  )

  patientTest(
    "a user's service with If-Match and versions as values is linearizable if replicas ask the primary",
    async () => {
      const { exitCode, stdout } = await driven(byVersion, 'primary')
      expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
      expect(exitCode).toBe(0)
    },
  )
})

/** Runs a command whose requests pass through a recording proxy to the three servers, and judges the record. */
async function recorded(reads: Reads, routes: object, command: readonly string[], more: readonly string[] = []) {
  const directory = temporaryDirectory()
  const table = join(directory, 'routes.json')
  writeFileSync(table, JSON.stringify(routes))
  const upstreams = (await startService(reads)).flatMap((address) => ['--upstream', address])
  const options = ['--as', table, '--expect', 'linearizable', '--out', directory, '--seed', '1', ...more]
  return chaos(['record', ...upstreams, ...options, '--', ...command])
}

/** Two concurrent sessions. Each writes to one server and reads from another. */
const CURL = `
session() {
  for i in $(seq 1 12); do
    curl -sS -o /dev/null -H "X-Client: $1" -X PUT "http://$2/v1/items/17" -d "{\\"data\\":{\\"value\\":\\"$1-$i\\"}}"
    curl -sS -o /dev/null -H "X-Client: $1" "http://$3/v1/items/17"
  done
}
session a {n1} {n2} & session b {n2} {n3} & wait
`

describe.skipIf(!isPatient || installed('curl') === undefined)(
  `a user's service driven by curl${installed('curl') === undefined ? `: ${whySkipped('curl')}` : ''}`,
  () => {
    patientTest('a stale read that a replica returns to curl is found', async () => {
      const { exitCode, stdout } = await recorded('local', byValue, ['bash', '-c', CURL])
      expect(stdout).toContain('NOT LINEARIZABLE')
      expect(exitCode).toBe(1)
    })

    patientTest(
      'the correct variant of a service is linearizable for curl, and its replicas agree at the end',
      async () => {
        const { exitCode, stdout, stderr } = await recorded('primary', byValue, ['bash', '-c', CURL])
        expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
        expect(stdout).toMatch(/eventual\s+✔ met/)
        expect(exitCode).toBe(0)
      },
    )
  },
)

/** A script for wrk: writes and reads of a few items, each value once. */
const LUA = `
local n, t = 0, 0
function setup(thread) thread:set("id", t); t = t + 1 end
request = function()
  n = n + 1
  local path = "/v1/items/" .. (n % 3)
  if n % 2 == 0 then return wrk.format("GET", path) end
  return wrk.format("PUT", path, nil, '{"data":{"value":"' .. id .. "-" .. n .. '"}}')
end
`

describe.skipIf(installed('wrk') === undefined)(
  `a user's service driven by wrk${installed('wrk') === undefined ? `: ${whySkipped('wrk')}` : ''}`,
  () => {
    const wrk = async (reads: Reads) => {
      const script = join(temporaryDirectory(), 'items.lua')
      writeFileSync(script, LUA)
      const command = ['wrk', '-t1', '-c4', '-d2s', '-s', script, 'http://{n2}']
      return recorded(reads, byValue, command, ['--client', 'connection'])
    }

    test('chaos finds a stale read that a replica returned to wrk', async () => {
      const { exitCode, stdout } = await wrk('local')
      expect(stdout).toContain('NOT LINEARIZABLE')
      expect(exitCode).toBe(1)
    })

    patientTest('the correct variant of a service is linearizable for wrk', async () => {
      const { exitCode, stdout, stderr } = await wrk('primary')
      expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
      expect(exitCode).toBe(0)
    })
  },
)

describe('a recorded command under faults', () => {
  /** Six clients with distinct names, whose requests time out after 300 ms. */
  const CLIENTS = `
    const end = Date.now() + 4000
    let written = 0
    const client = async (name) => {
      while (Date.now() < end) {
        const url = 'http://' + process.env.ITEMS + '/v1/items/' + Math.floor(Math.random() * 3)
        const options = { headers: { 'X-Client': name }, signal: AbortSignal.timeout(300) }
        const put = { ...options, method: 'PUT', body: JSON.stringify({ data: { value: ++written } }) }
        await fetch(url, Math.random() < 0.5 ? options : put).then((reply) => reply.text()).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    await Promise.all([...'abcdef'].map(client))
    process.exit(Number(process.argv[1] ?? 0))
  `
  const clients = (...more: readonly string[]) => [process.execPath, '--input-type=module', '-e', CLIENTS, ...more]
  const HURT = ['--faults', 'partition,lose-reply', '--env', 'ITEMS={n1}']

  patientTest(
    'a recorded command under faults is linearizable, with a list of effective faults and lost answers',
    async () => {
      const { exitCode, stdout, stderr } = await recorded('primary', byValue, clients(), HURT)
      expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
      expect(stdout).toMatch(/faults that took effect: .*lose-reply.*partition/)
      expect(stdout).toMatch(/\d+ answers? (was|were)\s+sent\s+by\s+a\s+node\s+but\s+never\s+reached/)
      expect(stdout).toMatch(/again {4}npx chaos record .*--faults partition,lose-reply/)
      expect(exitCode).toBe(0)
    },
  )

  patientTest('a recorded command makes the run fail by its exit code, except with --may-fail', async () => {
    const failed = await recorded('primary', byValue, clients('7'), HURT)
    expect(failed.stdout, failed.stderr).toMatch(/ended\s+with\s+exit\s+code\s+7/)
    expect(failed.exitCode).toBe(4)
    const tolerated = await recorded('primary', byValue, clients('7'), [...HURT, '--may-fail'])
    expect(tolerated.exitCode).toBe(0)
  })

  test('a recorded command prints to standard error with --json, so that stdout contains only one object', async () => {
    const { stdout, stderr } = await recorded(
      'primary',
      byValue,
      ['sh', '-c', `echo hello; ${ASK} {n1}/v1/items/1; ${ASK} {n1}/v1/items/1 PUT "{\\"data\\":{\\"value\\":1}}"`],
      ['--json'],
    )
    expect(JSON.parse(stdout)).toMatchObject({ levels: { linearizable: expect.anything() } })
    expect(stderr).toContain('hello')
  })
})

describe('a recording without evidence', () => {
  patientTest('a recording is reported with the route to add if no request matches the table', async () => {
    const routes = { routes: [{ request: 'GET /kv/{key}', f: 'read', result: 'body' }] }
    const { exitCode, stderr } = await recorded('primary', routes, [
      'sh',
      '-c',
      `${ASK} {n1}/v1/items/7; ${ASK} {n1}/v1/items/8`,
    ])
    expect(stderr).toMatch(
      /0 of 2 requests were recorded; the first request was GET \/v1\/items\/7: add \{"request":"GET \/v1\/items\/\{key\}"/,
    )
    expect(exitCode).toBe(3)
  })

  patientTest('a recording is reported with the address of the proxy if the command bypasses the proxy', async () => {
    const { exitCode, stderr } = await recorded('primary', byValue, ['true'])
    expect(stderr).toMatch(/No traffic passed the proxy \(n1 at 127\.0\.0\.1:\d+.*CHAOS_PROXY_N1/)
    expect(exitCode).toBe(3)
  })

  patientTest('a recording without traffic is reported with the exit code of the command', async () => {
    const { exitCode, stderr } = await recorded('primary', byValue, ['sh', '-c', 'exit 7'], ['--may-fail'])
    expect(stderr).toMatch(/sh -c 'exit 7' ended with exit code 7\. No traffic passed the proxy \(n1 at /)
    expect(exitCode).toBe(3)
  })

  test('a recording of a server that does not answer is reported with the address of the server', async () => {
    const directory = temporaryDirectory()
    const table = join(directory, 'routes.json')
    writeFileSync(table, JSON.stringify(byValue))
    const args = ['record', '--upstream', '127.0.0.1:1', '--as', table, '--out', directory, '--may-fail']
    const { exitCode, stderr } = await chaos([...args, '--', 'sh', '-c', `${ASK} {n1}/v1/items/7`])
    expect(stderr).toMatch(/n1: 127\.0\.0\.1:1 could not be reached \(ECONNREFUSED: nothing listens there\)/)
    expect(exitCode).toBe(4)
  })

  patientTest('a recording is reported as proving nothing if it contains only reads', async () => {
    const { exitCode, stdout } = await recorded('primary', byValue, [
      'sh',
      '-c',
      `${ASK} {n1}/v1/items/7; ${ASK} {n1}/v1/items/7`,
    ])
    expect(stdout).toMatch(/no write succeeded/)
    expect(exitCode).toBe(2)
  })
})

describe('an incomplete command line of chaos record', () => {
  test.each([
    [
      ['--upstream', 'localhost:1', '--as', 'resp'],
      /needs the command whose traffic it records. Write the command after "--":/,
    ],
    [['--as', 'resp', '--', 'true'], /needs --upstream/],
    [['--upstream', 'localhost:1', '--', 'true'], /needs --as/],
    [
      ['--upstream', 'localhost:1', '--as', 'resp', '--faults', 'kill', '--', 'true'],
      /this run did not start the servers/,
    ],
    [
      ['--upstream', 'localhost:1', '--as', 'resp', '--faults', 'duplicate-request', '--', 'true'],
      /duplicate-request: this fault needs HTTP: only there can single requests be recognised/,
    ],
    [
      ['--serve', 'true {port}', '--as', 'resp', '--faults', 'delay', '--', 'true'],
      /faults here act only on traffic between the servers and their clients/,
    ],
    [['--upstream', 'localhost:1', '--as', 'resp', '--faults', 'lose-repl', '--', 'true'], /Did you mean lose-reply/],
    [
      ['--upstream', 'localhost:1', '--as', 'http', '--', 'true'],
      /Give a file with a route table, or a protocol, such as resp, or/,
    ],
    [['--upstream', 'localhost:1', '--as', 'resp', '--env', 'X', '--', 'true'], /write NAME=value/],
    [['--upstream', 'localhost:1', '--as', 'resp', '--expect', 'serial', '--', 'true'], /--expect/],
  ])('an incomplete command line of chaos record is refused before anything starts: %j', async (args, message) => {
    const { exitCode, stderr } = await chaosHere(['record', ...args])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })

  test('chaos record refuses a program that does not exist', async () => {
    const { exitCode, stderr } = await recorded('primary', byValue, ['./nowhere'])
    expect(stderr).toMatch(/there is no program \.\/nowhere/)
    expect(exitCode).toBe(4)
  })
})

patientTest('chaos record keeps a run.json, a history and a report', async () => {
  const directory = temporaryDirectory()
  const table = join(directory, 'routes.json')
  writeFileSync(table, JSON.stringify(byValue))
  const [primary = ''] = await startService('primary')
  const args = ['record', '--upstream', primary, '--as', table, '--out', directory, '--json']
  const { stdout } = await chaos([...args, '--', 'bash', '-c', CURL.replaceAll(/\{n\d\}/g, '{n1}')])
  const { run } = JSON.parse(stdout)
  expect(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))).toMatchObject({
    spec: { target: { name: 'record', traffic: { as: table, servers: [{ name: 'n1', upstream: primary }] } } },
  })
  expect(readFileSync(join(run, 'history.jsonl'), 'utf8')).toContain('"session":"a"')
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('<html')
})
