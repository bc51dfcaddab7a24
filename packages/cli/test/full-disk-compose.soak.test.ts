import { readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { expectGone, service, startPodman, writeProject } from '../../targets/test/containers/podman.ts'
import { chaos, startChaos } from './chaos.ts'

// A store that appends each write to a log, in a container of a project that chaos starts, whose disk is filled and which
// is killed before there is room again.

const { directory, isPossible, programs, say, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }

/** Told `ignores`, it takes for written what its disk refused; otherwise it answers 500, and cuts off what half of it was. */
const STORE = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { createServer } from 'node:http'
const [ignores] = process.argv.slice(2)
const log = '/data/log'
const items = new Map()
for (const line of existsSync(log) ? readFileSync(log, 'utf8').split('\\n') : []) {
  const [key, item] = line.split(' ')
  if (item !== undefined) items.set(key, Number(item))
}
function append(line) {
  const length = existsSync(log) ? statSync(log).size : 0
  try {
    appendFileSync(log, line, { flush: true })
    return true
  } catch (error) {
    if (ignores === 'ignores') return true
    truncateSync(log, length)
    return false
  }
}
createServer(async (request, response) => {
  if (request.url === '/health') return response.end()
  const key = request.url.split('/').at(-1)
  if (request.method === 'PUT') {
    let text = ''
    for await (const part of request) text += part
    const { item } = JSON.parse(text)
    if (!append(key + ' ' + item + '\\n' )) return response.writeHead(500).end()
    items.set(key, item)
  }
  response.end(JSON.stringify({ item: items.get(key) ?? null }))
}).listen(7000, '0.0.0.0')
`

const declaration = {
  compose: 'compose.yaml',
  nodes: ['store'],
  port: 7000,
  disk: { path: '/data', megabytes: 1 },
  ready: { by: 'http', path: '/health' },
  client: {
    kind: 'http',
    keys: '{key}-{run}',
    routes: {
      routes: [
        { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
        { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
      ],
    },
  },
}

/** The last answers are of when the disk was full, and the kill is healed before there is room again. */
const schedule = [
  { fromMs: 500, toMs: 4_000, kind: 'fill-disk', nodes: ['n1'] },
  { fromMs: 2_500, toMs: 3_000, kind: 'kill', nodes: ['n1'] },
]

function projectOf(name: string, word: string): string {
  const store = `${service('store', `node /store.mjs ${word}`)}\n    volumes:\n      - ./store.mjs:/store.mjs:ro\n      - data:/data`
  const cwd = writeProject(directory, name, [store, 'volumes:', '  data:'])
  writeFileSync(join(cwd, 'store.mjs'), STORE)
  writeFileSync(join(cwd, 'store.json'), JSON.stringify(declaration))
  writeFileSync(join(cwd, 'faults.json'), JSON.stringify(schedule))
  return cwd
}

const words = [
  'run',
  '--target',
  './store.json',
  '--faults',
  './faults.json',
  '--seed',
  '1',
  '--expect',
  'linearizable',
]
/** What is mounted of such disks, by which run it may be. */
const mounted = (): readonly string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('chaos-disk '))

describe.runIf(isPossible)('a store whose disk is full', () => {
  afterAll(end, 120_000)

  test('loses what it acknowledged if it takes for written what the disk refused', async () => {
    const cwd = projectOf('careless', 'ignores')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/during disk of n1 full/)
    expect(exitCode).toBe(1)
    expect(say('podman ps --all --quiet')).toBe('')
  })

  test('loses nothing if it refuses such writes', async () => {
    const cwd = projectOf('careful', 'refuses')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toMatch(/faults that took effect: .*fill-disk/)
    expect([0, 2]).toContain(exitCode)
  })

  test('is left without a disk of ours after chaos is killed', async () => {
    const before = mounted()
    const cwd = projectOf('killed', 'refuses')
    const { child, finished } = startChaos([...words, '--time', '60s'], { cwd, env })
    const ours = () => mounted().filter((line) => !before.includes(line))
    await expect.poll(ours, { timeout: 60_000 }).not.toEqual([])
    await expect.poll(() => say('podman ps --quiet'), { timeout: 60_000 }).not.toBe('')
    child.kill('SIGKILL')
    await finished
    await expect.poll(ours, { timeout: 60_000 }).toEqual([])
    await expect.poll(() => say('podman ps --all --quiet'), { timeout: 60_000 }).toBe('')
    await expectGone(basename(cwd), child.pid)
  })

  test('is refused a disk while it is up, since its container would have to be made anew', async () => {
    const cwd = projectOf('up', 'refuses')
    say('podman-compose up -d', cwd)
    const { exitCode, stderr } = await chaos([...words, '--time', '1s'], { cwd, env })
    expect(stderr).toMatch(/disk: the project up is up, and its containers would have to be made anew/)
    expect(exitCode).toBe(4)
    say('podman-compose down', cwd)
  })
})
