import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

// A service with a line protocol over TCP, and a user's client for it.

const serverWith = (decide: string): string => `
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
const values = new Map<string, string>()
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
createServer((socket) => {
  socket.on('error', () => {})
  createInterface(socket).on('line', (line) => void answer(line))
  async function answer(line: string) {
    const [what = '', key = '', one = '', other = ''] = line.split(' ')
    if (what === 'set') values.set(key, one)
    if (what === 'cas') return void socket.write((await swapped(key, one, other)) + '\\n')
    socket.write((values.get(key) ?? 'null') + '\\n')
  }
}).listen(process.env['PORT'])
async function swapped(key: string, from: string, to: string): Promise<boolean> {
  ${decide}
  values.set(key, to)
  return true
}
`
const RACING = serverWith(`const now = values.get(key) ?? 'null'
  await wait(2)
  if (now !== from) return false`)
const CURED = serverWith(`await wait(2)
  if ((values.get(key) ?? 'null') !== from) return false`)

const CLIENT = `
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { defineClient } from 'chaosproxy'
export default defineClient({
  functions: ['read', 'write', 'cas'],
  // Each operation uses a new connection, so that a late reply is not taken for the reply to the next operation.
  open: ({ host, port }) => ({
    async invoke({ f, key, value }, signal) {
      const socket = connect(port, host)
      socket.on('error', () => {})
      const words = f === 'read' ? ['get', key] : f === 'write' ? ['set', key, value] : ['cas', key, ...(value as number[])]
      socket.write(words.map((word) => String(word)).join(' ') + '\\n')
      try {
        const [answer] = await once(createInterface(socket), 'line', { signal })
        return JSON.parse(String(answer))
      } finally {
        socket.destroy()
      }
    },
  }),
})
`

/** A folder with the service, declared in a configuration. */
function folderWith(program: string): string {
  const folder = temporaryDirectory()
  writeFileSync(join(folder, 'server.ts'), program)
  writeFileSync(join(folder, 'client.ts'), CLIENT)
  const lines = { entry: './server.ts', client: './client.ts', nodes: 1 }
  writeFileSync(join(folder, 'chaos.config.json'), JSON.stringify({ faults: [], services: { lines } }))
  return folder
}

const some = ['--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1', '--workers', '1', '--json']

describe('a service whose clients are user code', () => {
  test('chaos simulate names the client file of a race with user-written clients, and a replay needs `--client`', async () => {
    const cwd = folderWith(RACING)
    const { exitCode, stdout, stderr } = await chaos(['simulate', 'lines', '--seeds', '64', ...some], { cwd })
    expect(exitCode, stderr).toBe(1)
    const [{ kind, race, replay }] = JSON.parse(stdout).failures
    expect({ kind, file: race.overtaken.file }).toEqual({ kind: 'violation', file: 'server.ts' })
    expect(JSON.parse(readFileSync(join(cwd, replay), 'utf8')).target).toContain('client.ts"')
    writeFileSync(join(cwd, 'chaos.config.json'), '{}')
    const unnamed = await chaos(['replay', replay, '--program', './server.ts'], { cwd })
    expect(unnamed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--client ./client.ts') })
    const replayed = await chaos(['replay', replay, '--program', './server.ts', '--client', './client.ts'], { cwd })
    expect(replayed.stdout).toContain('the same history as was recorded, to the byte')
  })

  test('a service is searched if the command names its program and client file, but not with a route table', async () => {
    const cwd = folderWith(CURED)
    const search = (...more: string[]) =>
      chaos(['simulate', './server.ts', '--nodes', '1', '--client', 'client.ts', '--seeds', '3', ...more, ...some], {
        cwd,
      })
    const { exitCode, stderr } = await search()
    expect(exitCode, stderr).toBe(0)
    const refused = await search('--routes', 'routes.json')
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('Give only one of them') })
  })

  patientTest('a service with user-written clients runs on real processes with the same client code', async () => {
    const cwd = folderWith(CURED)
    const brief = [
      '--seed',
      '1',
      '--time',
      '3s',
      '--rate',
      '100',
      '--clients',
      '4',
      '--workload-set',
      'cas=0.5',
      '--json',
    ]
    for (const world of [[], ['--sim']]) {
      const { exitCode, stdout, stderr } = await chaos(['run', ...world, ...brief], { cwd })
      expect(exitCode, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ headline: 'linearizable', trouble: [] })
    }
  })
})
