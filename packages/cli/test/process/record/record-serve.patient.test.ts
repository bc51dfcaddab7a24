import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

// Tests servers that `chaos record` starts, and servers that suffer faults but are not recorded.

/** The program of the store. The service in front of it forwards each write, and retries if no reply comes. */
const STORE = `
  let sum = 0
  require('node:http').createServer((request, response) => {
    if (request.method === 'POST') sum++
    response.end(JSON.stringify({ sum }))
  }).listen(Number(process.argv[1]), '127.0.0.1')
`
const APP = `
  const [port, store] = process.argv.slice(1)
  const ask = (method) => fetch('http://' + store, { method, signal: AbortSignal.timeout(200) }).then((reply) => reply.text())
  const asking = async (method) => {
    for (;;) try { return await ask(method) } catch {}
  }
  require('node:http').createServer(async ({ method }, response) => response.end(await asking(method)))
    .listen(Number(port), '127.0.0.1')
`
/** Adds for 2.5 s. With `until-twice`, adds until an addition was applied twice, for at most a minute. */
const CLIENT = `
  const [address, untilTwice] = process.argv.slice(1)
  const end = Date.now() + (untilTwice ? 60_000 : 2500)
  ;(async () => {
    let [asked, sum] = [0, 0]
    while (Date.now() < end && !(untilTwice && sum > asked)) {
      const reply = await fetch('http://' + address + '/sum/a', { method: 'POST' }).then((reply) => reply.json())
      asked++
      sum = reply.sum
      await new Promise((next) => setTimeout(next, 5))
    }
  })()
`
const TABLE = {
  initial: { value: 0 },
  routes: [
    { request: 'GET /sum/{key}', f: 'read', result: 'json.sum' },
    { request: 'POST /sum/{key}', f: 'add', value: { const: 1 } },
  ],
}

function files(): { readonly directory: string; readonly table: string; path(name: string): string } {
  const directory = temporaryDirectory()
  const path = (name: string) => join(directory, name)
  writeFileSync(path('routes.json'), JSON.stringify(TABLE))
  for (const [name, text] of Object.entries({ store: STORE, app: APP, client: CLIENT }))
    writeFileSync(
      path(`${name}.cjs`),
      text
        .replaceAll('process.argv.slice(1)', 'process.argv.slice(2)')
        .replaceAll('process.argv[1]', 'process.argv[2]'),
    )
  return { directory, table: path('routes.json'), path }
}

function both(faults: string) {
  const { directory, table, path } = files()
  const serve = [
    '--serve',
    `node ${path('store.cjs')} {port}`,
    '--as',
    'tcp',
    '--serve',
    `node ${path('app.cjs')} {port} {store}`,
  ]
  const ways = ['--name', 'store', '--name', 'app', ...serve, '--as', table, '--model', 'counter', '--hurt', 'store']
  const options = ['--faults', faults, '--seed', '2', '--expect', 'linearizable', '--out', directory]
  return {
    directory,
    args: ['record', ...ways, ...options, '--json', '--', 'node', path('client.cjs'), '{app}', 'until-twice'],
  }
}

describe('servers that chaos record starts', () => {
  patientTest('violate linearizability if an app repeats a request to its store after a lost reply', async () => {
    const { args } = both('lose-reply')
    const { exitCode, stdout, stderr } = await chaos(args)
    expect({ exitCode, stderr: exitCode === 1 ? '' : stderr }).toEqual({ exitCode: 1, stderr: '' })
    const { levels, run } = JSON.parse(stdout)
    expect(levels.linearizable.result).toBe('violated')
    // The record contains only the traffic between the clients and the app.
    expect(readFileSync(join(run, 'history.jsonl'), 'utf8')).not.toContain('"node":"store"')
  })

  patientTest('servers that chaos record starts can be killed and paused, and run again at the end', async () => {
    const { args } = both('pause')
    const { stdout, stderr } = await chaos(args)
    const { run } = JSON.parse(stdout || stderr)
    const { nodes } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).circumstances
    expect(nodes.store.words).toEqual(['node', expect.stringMatching(/store\.cjs$/), expect.stringMatching(/^\d+$/)])
    expect(Object.keys(nodes)).toEqual(['store', 'app'])
    expect(readFileSync(join(run, 'history.jsonl'), 'utf8')).toMatch(/"f":"pause".*"nodes":\["store"\]/)
  })

  patientTest('servers that chaos record starts write all their events to the file of --events', async () => {
    const { directory, table, path } = files()
    const events = join(directory, 'events.jsonl')
    const { stdout } = await chaos([
      ...['record', '--serve', `node ${path('app.cjs')} {port} 127.0.0.1:1`, '--as', table, '--model', 'counter'],
      ...[
        '--serve',
        `node ${path('store.cjs')} {port}`,
        '--as',
        table,
        ...['--faults', 'pause,delay-reply', '--seed', '3'],
        '--events',
        events,
        '--out',
        directory,
        '--json',
      ],
      ...['--', 'node', path('client.cjs'), '{n2}'],
    ])
    const all = readFileSync(events, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const told = all.filter(({ type }) => type === 'event')
    const { run } = JSON.parse(stdout)
    const kept = readFileSync(join(run, 'history.jsonl'), 'utf8').trim().split('\n')
    expect(told.filter(({ event }) => event.f === 'add' && event.type === 'ok').length).toBeGreaterThan(0)
    expect(told.filter(({ event }) => event.f === 'add')).toHaveLength(
      kept.filter((line) => JSON.parse(line).f === 'add').length,
    )
    const faults = kept.map((line) => JSON.parse(line)).filter(({ process }) => process === 'nemesis')
    expect(faults.map(({ f }) => f)).toContain('heal')
    expect(told.flatMap(({ event }) => (event.process === 'nemesis' ? event.f : []))).toEqual(faults.map(({ f }) => f))
    expect(all.map(({ type }) => type)).toEqual(expect.arrayContaining(['starting', 'ready', 'ending', 'judged']))
  })

  test('servers that chaos record starts are reported with their last output if they exit immediately', async () => {
    const { directory, table } = files()
    const serve = ['--serve', `node -e "console.log('no licence'); process.exit(3)"`]
    const { exitCode, stderr } = await chaos([
      'record',
      ...serve,
      '--as',
      table,
      '--model',
      'counter',
      '--out',
      directory,
      '--',
      'true',
    ])
    expect(stderr).toMatch(/n1 did not start \(exit code 3\)\. The last lines of its log:\n {2}no licence/)
    expect(exitCode).toBe(4)
  })

  const LONELY = `require('node:http').createServer(() => {}).listen(Number(process.argv[2]), '127.0.0.1')`
  const ECHOING = `
    let sum = 0
    require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', (request) => {
      if (request.toString().startsWith('POST')) sum++
      const answer = 'HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\n{"sum":' + sum + '}'
      socket.write(answer + answer)
    })).listen(Number(process.argv[2]), '127.0.0.1')
  `
  const ASKING = `
    (async () => {
      for (const method of ['POST', 'GET', 'POST', 'GET'])
        await fetch('http://' + process.argv[2] + '/sum/a', { method, signal: AbortSignal.timeout(500) }).then((reply) => reply.text(), () => {})
    })()
  `
  test.each([
    ['never answers', LONELY, /n1 \(.*\) has answered none of [1-4] operations, and no fault explains this/],
    ['answers each request twice', ECHOING, /answers? came without a request/],
  ])('chaos record reports a server that %s', async (_, server, message) => {
    const { directory, table, path } = files()
    writeFileSync(path('server.cjs'), server)
    writeFileSync(path('asking.cjs'), ASKING)
    const serve = ['--serve', `node ${path('server.cjs')} {port}`, '--as', table, '--model', 'counter']
    const options = ['--seed', '1', '--expect', 'linearizable', '--out', directory]
    const { exitCode, stdout, stderr } = await chaos([
      'record',
      ...serve,
      ...options,
      '--',
      'node',
      path('asking.cjs'),
      '{n1}',
    ])
    expect((stdout + stderr).replaceAll(/\s+/g, ' ')).toMatch(message)
    expect(exitCode, stdout + stderr).toBe(4)
  })

  test.each([
    [
      ['--serve', 'node x {prt}', '--as', 'resp', '--', 'true'],
      /there is no value for the placeholder \{prt\}\. Did you mean \{port\}/,
    ],
    [['--serve', 'node "x', '--as', 'resp', '--', 'true'], /a quote .* does not end/],
    [['--serve', 'node x', '--as', 'tcp', '--', 'true'], /With --as tcp alone nothing is recorded/],
    [['--serve', 'node x', '--as', 'resp', '--as', 'tcp', '--', 'true'], /--as is given 2 times for 1 servers/],
    [
      ['--serve', 'node x', '--as', 'resp', '--as', 'a.json', '--', 'true'],
      /only one of them can define the recording/,
    ],
    [['--serve', 'node x', '--as', 'resp', '--hurt', 'n2', '--', 'true'], /--hurt/],
  ])('chaos record refuses servers before it starts any of them: %j', async (args, message) => {
    const { exitCode, stderr } = await chaosHere(['record', ...args, '--out', temporaryDirectory()])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })
})
