import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

/** @param answer returns the reply to `SET k v` and `GET k`, given the stored values. */
async function serve(answer: (held: Map<string, string>, command: string, key: string, value: string) => string) {
  const held = new Map<string, string>()
  const server = createServer((socket) => {
    let rest = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const lines = (rest + bytes).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [command = '', key = '', value = ''] = line.split(' ')
        socket.write(`${answer(held, command, key, value)}\n`)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' ? `tiny://127.0.0.1:${address?.port}` : ''
}

/** Three concurrent connections that write and read for a second, so that faults can affect their requests. */
const CLIENTS = `
const { connect } = require('node:net')
for (const name of ['a', 'b', 'c']) {
  const socket = connect(Number(process.argv[1]), '127.0.0.1')
  let asked = 0
  const next = () => {
    if (++asked > 40) return socket.end()
    socket.write(asked % 2 ? 'SET k' + asked % 3 + ' ' + name + asked + '\\n' : 'GET k' + (asked - 1) % 3 + '\\n')
  }
  socket.on('connect', next)
  socket.on('data', () => setTimeout(next, 25))
}
`

async function record(upstream: string, faults: string) {
  const { stdout, stderr, exitCode } = await extended([
    ...['record', '--upstream', upstream, '--as', 'tiny', '--client', 'connection', '--initial', 'null'],
    ...['--faults', faults, '--seed', '1', '--expect', 'linearizable', '--json'],
    ...['--out', join(temporaryDirectory(), 'out'), '--', process.execPath, '-e', CLIENTS, '{n1.port}'],
  ])
  return { result: JSON.parse(stdout === '' ? '{}' : stdout), stderr, exitCode }
}

const right = (held: Map<string, string>, command: string, key: string, value: string): string => {
  if (command === 'SET') held.set(key, value)
  const found = held.get(key)
  return command === 'SET' ? 'STORED' : found === undefined ? 'NONE' : `VALUE ${found}`
}

test('a user-defined wire protocol is in the help, can be recorded during faults, and gets a verdict', async () => {
  expect((await extended(['proxy', '--help'])).stdout).toContain('tiny')

  const { result, stderr, exitCode } = await record(await serve(right), 'delay-clients')
  expect(exitCode, stderr).toBe(0)
  expect(result).toMatchObject({ headline: 'linearizable', levels: { eventual: { result: 'met' } } })
  expect(result.faults.some(({ hits }: { hits: number }) => hits > 0)).toBe(true)
})

test('a server of a user-defined wire protocol is reported if it returns an older value', async () => {
  // Every read returns the first value of its key. Returning the value before the last write could be correct: that
  // value may belong to a write that is still open.
  const first = new Map<string, string>()
  const upstream = await serve((held, command, key, value) => {
    if (command === 'SET' && !first.has(key)) first.set(key, value)
    const said = right(held, command, key, value)
    return command === 'SET' ? said : `VALUE ${first.get(key)}`
  })
  const { result, exitCode } = await record(upstream, 'none')
  expect(result).toMatchObject({ levels: { linearizable: { result: 'violated' } } })
  expect(exitCode).toBe(1)
})

test('the final reads of a user-defined wire protocol reveal a lost acknowledged write', async () => {
  const upstream = await serve((held, command, key, value) =>
    value === 'FINAL' ? 'NONE' : right(held, command, key, value),
  )
  const { result } = await record(upstream, 'none')
  expect(result).toMatchObject({ levels: { eventual: { result: 'violated' } } })
})
