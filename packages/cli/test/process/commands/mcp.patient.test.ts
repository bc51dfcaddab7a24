import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expect, onTestFinished } from 'vitest'
import { bin, chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { confined, confinedWithin } from '../../../src/mcp/confined.ts'
import { wholeLines } from '../../../src/mcp/lines.ts'
import { nextCall } from '../../../src/mcp/next-call.ts'
import { requireInput } from '../../../src/mcp/schema.ts'
import { parseMcpSettings } from '../../../src/mcp/settings.ts'
import { tools } from '../../../src/mcp/tools.ts'
import { echoServer, startProxy } from '../../proxy-process.ts'

/** The members of results that tests read individually. */
interface Data {
  readonly [member: string]: unknown
  readonly directory: string
  readonly sentence: string
  readonly drawing: string
}

/** Connects the SDK's own client to the real command in a new directory. */
async function connected(args: readonly string[] = [], env: { readonly [name: string]: string } = {}) {
  const cwd = temporaryDirectory()
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp', ...args],
    cwd,
    env: { ...env },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'test', version: '1' })
  // Collects errors for texts on stdout that are not messages of the protocol.
  const strange: Error[] = []
  client.onerror = (error) => strange.push(error)
  await client.connect(transport)
  onTestFinished(() => client.close())
  // After this call, the client validates every result against the schema that its tool declares.
  const { tools: listed } = await client.listTools()
  return {
    cwd,
    client,
    listed,
    async call(name: string, input: object, options: { onprogress?: (progress: object) => void } = {}) {
      const result = await client.callTool({ name, arguments: { ...input } }, undefined, options)
      expect(strange).toEqual([])
      const [{ text }] = result.content as [{ text: string }]
      return { text, isError: result.isError === true, data: result.structuredContent as Data }
    },
  }
}

/** This run violates its level every time, because simulated runs are repeatable. */
const BROKEN = { simulate: true, bug: 'ack-before-majority', timeMs: 4000, rate: 200, seed: 1 } as const

test('an agent can run a target with faults, check the history and explain it with the tools of chaos mcp', async () => {
  const { cwd, client, listed, call } = await connected()
  expect(listed.map(({ name }) => name)).toEqual(tools.map(({ name }) => name))
  const lists = await call('list', {})
  expect(lists.data).toMatchObject({
    lists: [{ what: 'targets' }, { what: 'workloads' }, { what: 'faults' }],
    next: 'list {"what":"targets"}',
  })
  for (const { inputSchema, outputSchema } of listed)
    expect([inputSchema.type, outputSchema?.type]).toEqual(['object', 'object'])

  const progress: object[] = []
  const run = await call('run', { target: 'raft', ...BROKEN }, { onprogress: (told) => progress.push(told) })
  expect(run.data).toMatchObject({
    outcome: 'violated',
    verdict: 'Not linearizable',
    expected: 'linearizable',
    exitCode: 1,
    levels: { linearizable: 'violated', convergent: 'met' },
    seed: 1,
    target: 'sim:raft',
  })
  expect(run.data['reproduce']).toMatch(/^npx chaos run --target raft --seed 1 .*--bug ack-before-majority --sim$/)
  expect(existsSync(join(cwd, run.data.directory, 'report.html'))).toBe(true)
  expect(progress.at(-1)).toMatchObject({ progress: 4000, total: 4000 })
  expect(run.text).toContain(run.data.sentence)

  const path = run.data.directory
  expect(run.data['next']).toBe(`explain ${JSON.stringify({ path })}`)
  expect(run.text).toContain(`Next: explain ${JSON.stringify({ path })}`)
  const { resources } = await client.listResources()
  expect(resources).toMatchObject([{ title: run.data['title'], mimeType: 'text/html' }])
  const { contents } = await client.readResource({ uri: resources[0]!.uri })
  expect(contents).toMatchObject([{ text: readFileSync(join(cwd, path, 'report.html'), 'utf8') }])
  const missing = client.readResource({ uri: resources[0]!.uri.replace('report.html', '..%2Frun.json') })
  await expect(missing).rejects.toThrow(/no such report in chaos-results/)

  const check = await call('check', { path, expect: 'linearizable' })
  const { title, sentence, levels } = run.data
  expect(check.data).toMatchObject({ outcome: 'violated', title, levels })
  const explain = await call('explain', { path })
  expect(explain.data).toMatchObject({ title, sentence })
  expect(explain.data.drawing).toMatch(/┌ p\d+ write \d+\n(?:.*\n)*.*✘ write \d+ was acknowledged/)
  expect(explain.text).toContain('Usual causes')

  // A user's mistake is returned as a result, and the next call still works.
  const impossible = await call('run', { target: 'sim:raft', faults: ['crash-before-reply'] })
  expect(impossible).toMatchObject({
    isError: true,
    text: expect.stringMatching(/cannot suffer crash-before-reply: .*Instead: /),
  })
  const outside = await call('check', { path: '/etc/hostname' })
  expect(outside).toMatchObject({ isError: true, text: expect.stringContaining('outside of the working directory') })
  for (const target of ['./mine.ts', 'cluster.json', 'exec:touch x', 'sim:exec:touch x']) {
    const code = await call('run', { target })
    expect(code).toMatchObject({ isError: true, text: expect.stringContaining('--allow-code') })
  }
})

const settings = parseMcpSettings({})

test.each([
  ['run', { targt: 'raft' }, 'run: there is no member targt. Did you mean target?'],
  ['run', { timeMs: 10_000_000 }, 'run: timeMs must be a number of milliseconds from 100 to 120000, not 10000000.'],
  ['run', { simulate: 'yes' }, 'run: simulate must be true or false, not "yes".'],
  ['run', { faults: 'partition' }, 'run: faults must be a list of strings, not "partition".'],
  ['run', { settings: 7 }, 'run: settings must be an object, not 7.'],
  ['run', { require: ['exec:touch x'] }, 'run: there is no member require.'],
  ['check', {}, 'check: path is missing.'],
  ['list', { what: 'everything' }, 'list: what must be one of targets, workloads, faults, not "everything".'],
  ['check', { path: '' }, 'check: path must be a string, not "".'],
  ['inject', { kind: 'x'.repeat(100) }, `not "${'x'.repeat(56)}….`],
])('a tool refuses invalid arguments, and states what is valid: %s %j', (name, input, message) => {
  const schema = tools.find((tool) => tool.name === name)!.input(settings)
  expect(() => requireInput(name, schema, input)).toThrow(message)
})

const found = { outcome: 'as expected', levels: {}, seed: 7, directory: 'chaos-results/one' }

test.each([
  ['list', {}, {}, 'list {"what":"targets"}'],
  ['list', { what: 'targets' }, { targets: [{ name: 'raft' }] }, 'run {"target":"raft","simulate":true}'],
  ['list', { target: 'redis' }, { targets: [{ name: 'redis' }] }, 'run {"target":"redis"}'],
  ['list', { what: 'workloads' }, { workloads: [{ name: 'queue' }] }, 'run {"workload":"queue"}'],
  [
    'list',
    { what: 'faults', target: 'redis' },
    { faults: [{ runs: [] }, { runs: ['one-way'], suffers: false }, { runs: ['kill', 'kill-leader'], suffers: true }] },
    'run {"target":"redis","faults":["kill"]}',
  ],
  ['run', { target: 'raft' }, { ...found, outcome: 'violated' }, 'explain {"path":"chaos-results/one"}'],
  ['run', { target: 'raft' }, { ...found, outcome: 'unknown' }, 'explain {"path":"chaos-results/one"}'],
  ['run', { target: 'raft', seed: 7 }, found, 'run {"target":"raft","seed":8}'],
  ['check', { path: 'one.edn' }, { ...found, outcome: 'violated' }, 'explain {"path":"one.edn"}'],
  [
    'check',
    { path: 'one.edn', model: 'queue' },
    { outcome: 'nothing expected', levels: { linearizable: 'violated' } },
    'explain {"path":"one.edn","model":"queue"}',
  ],
  ['check', { path: 'one.edn' }, found, undefined],
  ['explain', { path: 'one.edn' }, {}, undefined],
  [
    'proxies',
    { address: '127.0.0.1:9' },
    { proxies: [{ name: 'db' }], faults: [] },
    'inject {"address":"127.0.0.1:9","kind":"latency","proxies":["db"],"parameters":{"latencyMs":200},"forMs":10000}',
  ],
  ['proxies', {}, { proxies: [{ name: 'db' }], faults: [{ name: 'slow' }] }, 'heal {"names":["slow"]}'],
  ['proxies', {}, { proxies: [], faults: [] }, undefined],
  ['inject', { kind: 'latency' }, { fault: { name: 'slow' } }, 'heal {"names":["slow"]}'],
  ['inject', { kind: 'latency', forMs: 100 }, { fault: { name: 'slow' } }, 'proxies {}'],
  ['heal', { all: true }, { healed: [], faults: [] }, 'proxies {}'],
])('the result of the tool %s with %j proposes the next call', (tool, input, data, next) => {
  expect(nextCall(tool, input, data)).toBe(next)
})

test('chaos mcp --help names the package that it needs', async () => {
  const { stdout } = await chaos(['mcp', '--help'])
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('needs the package @modelcontextprotocol/sdk')
})

test('chaos mcp refuses a token in an option, and asks for the name of the variable that holds the token', () => {
  expect(() => parseMcpSettings({ token: ['env:CHAOS_TOKEN', 'secret'] })).toThrow(
    /give the variable that holds the token: env:NAME/,
  )
})

test('a tool of chaos mcp refuses a path that leads out of the working directory, directly or by a symbolic link', () => {
  const cwd = temporaryDirectory()
  const before = process.cwd()
  process.chdir(cwd)
  try {
    mkdirSync('run')
    writeFileSync('run/history.jsonl', '')
    symlinkSync('/etc/hostname', 'run/run.json')
    symlinkSync('/etc', 'away')
    expect(confined('check', 'run')).toBe('run')
    expect(confined('check', join(cwd, 'run', 'history.jsonl'))).toBe(join(cwd, 'run', 'history.jsonl'))
    for (const path of ['..', '../x/..', '/etc', 'away/hostname', 'run/run.json'])
      expect(() => confined('check', path), path).toThrow(/outside of the working directory|no such file/)
    expect(() => confined('check', 'missing')).toThrow(/check: missing: /)
    expect(() => confinedWithin('explain', 'run', ['history.jsonl', 'run.json'])).toThrow(/outside/)
  } finally {
    process.chdir(before)
  }
})

test('check and explain of chaos mcp refuse a directory whose files are links that lead outside', async () => {
  const { cwd, call } = await connected()
  const stale = join(root, 'histories', 'stale-read.jsonl')
  const links = ['history.jsonl', 'history.edn', 'history.txt', 'jepsen.log', 'run.json']
  for (const [i, name] of links.entries()) {
    mkdirSync(join(cwd, `run-${i}`))
    if (name === 'run.json') cpSync(stale, join(cwd, `run-${i}`, 'history.jsonl'))
    symlinkSync(stale, join(cwd, `run-${i}`, name))
    for (const tool of ['check', 'explain'])
      expect(await call(tool, { path: `run-${i}` }), `${tool} ${name}`).toMatchObject({
        isError: true,
        text: expect.stringContaining(`run-${i}/${name} lies outside of the working directory`),
      })
  }
})

test('chaos mcp reads a file named - as a file, and not as the stdin of its protocol', async () => {
  const { cwd, call } = await connected()
  cpSync(join(root, 'histories', 'stale-read.jsonl'), join(cwd, '-'))
  expect((await call('check', { path: '-' })).data).toMatchObject({ verdict: 'Not linearizable' })
  expect((await call('explain', { path: '-' })).data).toMatchObject({ verdict: 'Not linearizable' })
})

test('chaos mcp answers other calls while it checks a history, and a cancelled check ends', async () => {
  const { cwd, client, call } = await connected()
  writeFileSync(join(cwd, 'hard.jsonl'), undecidable())
  const cancelling = new AbortController()
  const check = client.callTool({ name: 'check', arguments: { path: 'hard.jsonl' } }, undefined, {
    signal: cancelling.signal,
  })
  let isChecked = false
  const checked = check
    .catch(() => {})
    .then(() => {
      isChecked = true
    })
  for (let i = 0; i < 3; i++) await call('list', {})
  expect(isChecked).toBe(false)
  cancelling.abort()
  await expect(check).rejects.toThrow()
  await checked
})

test('explain of chaos mcp suggests the nearest model for an unknown one', async () => {
  const { cwd, call } = await connected()
  cpSync(join(root, 'histories', 'stale-read.jsonl'), join(cwd, 'stale.jsonl'))
  expect(await call('explain', { path: 'stale.jsonl', model: 'queu' })).toMatchObject({
    isError: true,
    text: expect.stringContaining('there is no such model. Did you mean queue?'),
  })
})

/**
 * Returns a history of a counter, with many concurrent additions of unknown outcome and two reads. A checker needs long
 * to decide which of the additions each read includes.
 */
function undecidable(): string {
  const added = Array.from({ length: 40 }, (_, i) => 2 * (100_003 + ((i * i * 7_919) % 900_001)))
  const sum = added.filter((_, i) => i % 2 === 0).reduce((total, each) => total + each, 0)
  const event = (process: number, type: string, f: string, value: number | null) =>
    JSON.stringify({ process, type, f, value })
  return [
    '{"chaos":1,"model":"counter"}',
    ...added.map((value, i) => event(i, 'invoke', 'add', value)),
    ...[sum, sum + 1].flatMap((value, i) => [
      event(100 + i, 'invoke', 'read', null),
      event(100 + i, 'ok', 'read', value),
    ]),
    ...added.map((value, i) => event(i, 'info', 'add', value)),
  ].join('\n')
}

test('chaos mcp reads complete lines of stdin, and drops an overlong or unterminated line', async () => {
  const dropped: number[] = []
  const lines = wholeLines((sizeBytes) => dropped.push(sizeBytes))
  for (const chunk of ['one\ntw', 'o', '\n\n', 'x'.repeat(2_000_000), 'x\nthree\n']) lines.write(Buffer.from(chunk))
  lines.end('without an end')
  let passed = ''
  for await (const chunk of lines) passed += chunk
  expect(passed).toBe('one\ntwo\n\nthree\n')
  expect(dropped).toEqual([2_000_002])
})

patientTest('malformed input on stdin does not end the server, and stdout contains only the protocol', async () => {
  const child = spawn(process.execPath, [bin, 'mcp'], { cwd: temporaryDirectory(), stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.resume()
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => JSON.parse((await answers.next()).value)
  const ask = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  for (const garbage of ['hello', '{', '[]', 'null', '{"jsonrpc":"2.0"}', '\u0000\uffff', 'x'.repeat(12_000_000), ''])
    child.stdin.write(`${garbage}\n`)
  child.stdin.write(Buffer.from([0xff, 0xfe, 0x0a]))
  const clientInfo = { name: 'test', version: '1' }
  ask({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  expect(await answer()).toMatchObject({ id: 1, result: { serverInfo: { name: 'chaos' } } })
  ask({ method: 'notifications/initialized' })
  ask({ id: 2, method: 'tools/call', params: { name: 'nothing', arguments: {} } })
  expect(await answer()).toMatchObject({ id: 2, result: { isError: true } })
  ask({ id: 3, method: 'no/such', params: {} })
  expect(await answer()).toMatchObject({ id: 3, error: { code: -32601 } })
  ask({ id: 4, method: 'tools/call', params: { name: 'list', arguments: { what: 'workloads' } } })
  expect(await answer()).toMatchObject({ id: 4, result: { structuredContent: { workloads: expect.anything() } } })
  child.stdin.end()
  const [exitCode] = await once(child, 'exit')
  expect(exitCode).toBe(0)
})

patientTest('an agent injects a fault into a running proxy, sees it in force, and heals it', async () => {
  const { url } = await startProxy(['--token', 'hush', '--name', 'db', '--upstream', await echoServer()])
  const address = new URL(url).host
  const env = { CHAOS_TOKEN: 'hush', CHAOS_OTHER: 'wrong', SECRET: 'hush' }
  const { call } = await connected(['--host', address, '--token', 'env:CHAOS_TOKEN', '--token', 'env:CHAOS_OTHER'], env)
  const seen = await call('proxies', { address })
  expect(seen.data).toMatchObject({ proxies: [{ name: 'db', enabled: true }], faults: [] })

  const slow = { kind: 'latency', proxies: ['db'], parameters: { latencyMs: 200 }, name: 'slow' }
  const injected = await call('inject', { address, ...slow, when: { probability: 0.5 } })
  expect(injected.data['fault']).toMatchObject({ name: 'slow', kind: 'latency', latencyMs: 200 })
  const leased = await call('inject', { address, kind: 'partition', links: ['clients>db'], forMs: 60_000 })
  expect(leased.data['heal']).toBe('by itself after 60000 ms')
  expect((await call('proxies', { address })).data['faults']).toHaveLength(2)

  // A refusal names the reason and the valid choices.
  const refused = async (name: string, input: object) => {
    const { isError, text } = await call(name, { address, ...input })
    expect(isError, text).toBe(true)
    return text
  }
  expect(await refused('inject', { ...slow, proxies: ['bd'] })).toMatch(/no proxy "bd"\. Did you mean db\?/)
  expect(await refused('inject', { ...slow, parameters: { latncyMs: 1 } })).toMatch(/latncyMs/)
  expect(await refused('inject', { kind: 'lose-reply', proxies: ['db'] })).toMatch(/HTTP|http/)
  expect(await refused('inject', { kind: 'latency' })).toMatch(/"proxies" or "links"/)
  expect(await refused('heal', {})).toMatch(/In force: slow/)
  expect(await refused('heal', { names: ['slwo'] })).toMatch(/Did you mean slow/)
  expect(await refused('proxies', { token: 'env:SECRET' })).toMatch(/one that the user has named/)
  expect(await refused('proxies', { token: 'hush' })).toMatch(/one that the user has named/)
  expect(await refused('proxies', { token: 'env:CHAOS_OTHER' })).toMatch(/refuses the token/)
  expect(await refused('proxies', { address: 'example.com:8474' })).toMatch(/not on this machine/)

  expect((await call('heal', { address, names: ['slow'] })).data).toMatchObject({ healed: ['slow'] })
  expect((await call('heal', { address, all: true })).data['faults']).toEqual([])
})

patientTest('a run on real processes is cancelled and cleaned up before the next run starts', async () => {
  const { client, call } = await connected(['--longest', '30s'])
  const cancelling = new AbortController()
  const long = client.callTool({ name: 'run', arguments: { timeMs: 30_000, faults: [], rate: 50 } }, undefined, {
    signal: cancelling.signal,
    onprogress: ({ progress }) => {
      if (progress > 0) cancelling.abort('enough')
    },
  })
  await expect(long).rejects.toThrow(/enough/)
  const next = async () => call('run', { simulate: true, timeMs: 500, faults: [], rate: 50, expect: 'none' })
  await expect.poll(async () => (await next()).isError, { timeout: 60_000, interval: 200 }).toBe(false)
})

patientTest('user code runs only with --allow-code', async () => {
  const allowing = await connected(['--allow-code'])
  cpSync(join(root, 'examples', 'mine.ts'), join(allowing.cwd, 'mine.ts'))
  const run = { simulate: true, timeMs: 1000, rate: 50, faults: [], seed: 1 }
  const own = await allowing.call('run', { target: './mine.ts', ...run })
  expect(own.isError, own.text).toBe(false)
  const outside = await allowing.call('run', { target: join(root, 'examples', 'mine.ts'), ...run })
  expect(outside.text).toContain('outside of the working directory')
  const command = await allowing.call('run', { target: 'exec:touch x', ...run })
  expect(command.text).toContain('does not start the command')
  writeFileSync(join(allowing.cwd, 'chaos.config.ts'), 'console.log("loaded"); export default { targets: {} }')
  expect((await allowing.call('list', { what: 'targets' })).isError).toBe(false)
})

patientTest('chaos mcp without the SDK explains how to install it, and prints nothing to stdout', async () => {
  const directory = temporaryDirectory()
  const hooks = `export const resolve = (name, context, next) => {
    if (!name.startsWith('@modelcontextprotocol/')) return next(name, context)
    throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' })
  }`
  writeFileSync(join(directory, 'hooks.mjs'), hooks)
  writeFileSync(
    join(directory, 'without.mjs'),
    `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url)`,
  )
  const finished = await chaos(['mcp'], {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(join(directory, 'without.mjs'))}` },
  })
  expect(finished).toMatchObject({ exitCode: 4, stdout: '' })
  expect(finished.stderr).toContain('npm install @modelcontextprotocol/sdk')
})

test('chaos mcp sends a token only if the call names it and a --token option lists it', async () => {
  const heard: (string | undefined)[] = []
  const listener = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.end('[]')
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => void listener.close())
  const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`
  const env = { CHAOS_TOKEN: 'hush', CHAOS_CLIENT_PASSWORD: 'hush', CHAOS_LISTED: 'listed' }
  const { call } = await connected(['--token', 'env:CHAOS_TOKEN', '--token', 'env:CHAOS_LISTED'], env)
  await call('proxies', { address })
  for (const token of ['env:CHAOS_TOKEN', 'env:CHAOS_CLIENT_PASSWORD', 'env:PATH', 'hush'])
    expect((await call('proxies', { address, token })).isError).toBe(true)
  expect(new Set(heard)).toEqual(new Set([undefined]))
  await call('proxies', { address, token: 'env:CHAOS_LISTED' })
  expect(heard.at(-1)).toBe('Bearer listed')
})
