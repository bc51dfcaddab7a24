import { readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findLibrary } from '../../../../targets/src/containers/own-clocks.ts'
import { chaos, startChaos } from '../../../../testing/src/chaos.ts'
import { expectGone, kvNodes, service, startPodman, writeProject } from '../../../../testing/src/containers/podman.ts'

// Tests key-value stores in the containers of a project that chaos starts. A Compose override gives each container its
// own disk and clock.

const { directory, isPossible, programs, say, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }

/**
 * A store over HTTP with the given functions for reading and writing a key. `write` returns whether the write was
 * accepted.
 */
const storeOf = (readsAndWrites: string): string => `
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { createServer } from 'node:http'
const [way] = process.argv.slice(2)
const items = new Map()
${readsAndWrites}
createServer(async (request, response) => {
  if (request.url === '/health') return response.end()
  const key = request.url.split('/').at(-1)
  if (request.method === 'PUT') {
    let text = ''
    for await (const part of request) text += part
    if (!write(key, JSON.parse(text).item)) return response.writeHead(500).end()
  }
  response.end(JSON.stringify({ item: read(key) ?? null }))
}).listen(7000, '0.0.0.0')
`

/**
 * A store that appends each write to a log. If the disk rejects a write, the store also rejects it, and removes the
 * half-written line. With `ignores`, it accepts the write.
 */
const LOGGED = storeOf(`
const log = '/data/log'
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
    if (way === 'ignores') return true
    truncateSync(log, length)
    return false
  }
}
const read = (key) => items.get(key)
function write(key, item) {
  if (!append(key + ' ' + item + '\\n')) return false
  items.set(key, item)
  return true
}
`)

/**
 * A store in which the newest write of a key wins. With `wall`, the time of day determines which write is newest, and
 * otherwise their order of arrival.
 */
const NEWEST_WINS = storeOf(`
let writes = 0
const read = (key) => items.get(key)?.item
function write(key, item) {
  const written = { item, at: way === 'wall' ? Date.now() : ++writes }
  if (written.at >= (items.get(key)?.at ?? 0)) items.set(key, written)
  return true
}
`)

const declaration = { ...kvNodes, compose: 'compose.yaml', nodes: ['store'] }

/** The node is killed while its disk is full. When it restarts, the disk is still full. */
const fullDisk = [
  { fromMs: 500, toMs: 4_000, kind: 'fill-disk', nodes: ['n1'] },
  { fromMs: 2_500, toMs: 3_000, kind: 'kill', nodes: ['n1'] },
]

interface Store {
  readonly program: string
  readonly own: { readonly disk: object } | { readonly clocks: true }
  readonly schedule: readonly object[]
}

const logged: Store = { program: LOGGED, own: { disk: { path: '/data', megabytes: 1 } }, schedule: fullDisk }
/** The fault sets the clock of n1 back by a minute, which is more than the clock can gain during the run. */
const newestWins: Store = {
  program: NEWEST_WINS,
  own: { clocks: true },
  schedule: [{ fromMs: 1_000, toMs: 3_500, kind: 'clock', nodes: ['n1'], offsetMs: -60_000, driftPpm: 1_000 }],
}

function projectOf(name: string, { program, own, schedule }: Store, word: string): string {
  const store = `${service('store', `node /store.mjs ${word}`)}\n    volumes:\n      - ./store.mjs:/store.mjs:ro\n      - data:/data`
  const cwd = writeProject(directory, name, [store, 'volumes:', '  data:'])
  writeFileSync(join(cwd, 'store.mjs'), program)
  writeFileSync(join(cwd, 'store.json'), JSON.stringify({ ...declaration, ...own }))
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
/** Returns the mounted disks that chaos created, for this run or for any other. */
const mounted = (): readonly string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('chaos-disk '))

afterAll(async () => {
  if (isPossible) await end()
}, 120_000)

describe.runIf(isPossible)('a store whose disk is full', () => {
  test('a store on a full disk loses acknowledged writes if the store ignores the disk error', async () => {
    const cwd = projectOf('careless', logged, 'ignores')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/during disk of n1 full/)
    expect(exitCode).toBe(1)
    expect(say('podman ps --all --quiet')).toBe('')
  })

  test('a store on a full disk loses nothing if the store refuses writes after the disk error', async () => {
    const cwd = projectOf('careful', logged, 'refuses')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toMatch(/faults that took effect: .*fill-disk/)
    expect([0, 2]).toContain(exitCode)
  })

  test('a run with a full disk leaves no mounted disk behind after chaos is killed', async () => {
    const before = mounted()
    const cwd = projectOf('killed', logged, 'refuses')
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

  test('a declaration with "disk" is refused while the project is running, because a disk needs new containers', async () => {
    const cwd = projectOf('up', logged, 'refuses')
    say('podman-compose up -d', cwd)
    const { exitCode, stderr } = await chaos([...words, '--time', '1s'], { cwd, env })
    expect(stderr).toMatch(/"disk": the project up is up, but "disk" needs new containers/)
    expect(exitCode).toBe(4)
    say('podman-compose down', cwd)
  })
})

describe.runIf(isPossible && findLibrary() !== undefined)('a store whose clock is set back', () => {
  test('a store whose clock is set back loses acknowledged writes if times decide which write is newest', async () => {
    const cwd = projectOf('wall', newestWins, 'wall')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(stdout).toMatch(/clock of n1 60000 ms behind and 0\.1% too fast/)
    expect(exitCode).toBe(1)
  })

  test('a store whose clock is set back loses nothing if the order of writes decides which is newest', async () => {
    const cwd = projectOf('order', newestWins, 'order')
    const { exitCode, stdout, stderr } = await chaos([...words, '--time', '5s'], { cwd, env })
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toMatch(/faults that took effect: .*clock/)
    expect([0, 2]).toContain(exitCode)
  })

  test('a run ends with an error if the program of a node does not load the library that changes the clock', async () => {
    const cwd = projectOf('blind', newestWins, 'wall')
    // Without LD_PRELOAD, node does not load the library. A program without glibc would not load it either.
    const file = readFileSync(join(cwd, 'compose.yaml'), 'utf8')
    writeFileSync(join(cwd, 'compose.yaml'), file.replace('node /store.mjs', 'env -u LD_PRELOAD node /store.mjs'))
    const { exitCode, stderr } = await chaos([...words, '--time', '1s'], { cwd, env })
    expect(stderr).toMatch(/clocks: the clock of n1 \(.*\) cannot be moved/)
    expect(exitCode).toBe(4)
    expect(say('podman ps --all --quiet')).toBe('')
  })
})
