import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { read, temporaryDirectory, tryClient, write } from '../../../testing/src/clients.ts'

/**
 * Writes a Node program that answers each line with the result of `answer(asked)`. If the result is a text, it is
 * written unchanged.
 */
function programWith(body: string): string {
  const directory = temporaryDirectory()
  writeFileSync(
    join(directory, 'client.mjs'),
    `import { createInterface } from 'node:readline'
const say = (line) => process.stdout.write((typeof line === 'string' ? line : JSON.stringify(line)) + '\\n')
let last = null
createInterface({ input: process.stdin }).on('line', (text) => {
  const { id, node, address, input: { f, key, value } } = JSON.parse(text)
  ${body}
})
`,
  )
  return directory
}

const clientOf = (directory: string) =>
  tryClient({ kind: 'program', command: [process.execPath, 'client.mjs'] }, 7000, { directory })

describe('a client program', () => {
  test('a client program reads a line for each operation and replies with a line', async () => {
    const { ask } = await clientOf(
      programWith(`if (f === 'write') last = [value, node, address]; say({ id, type: 'ok', value: last })`),
    )
    expect(await ask(write('x', 7))).toEqual({ type: 'ok', value: 7 })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: [7, 'n1', '127.0.0.1:7000'] })
  })

  test('a client program can be declared as a command line, like a node', async () => {
    const directory = programWith(`say({ id, type: 'ok', value: process.argv[2] })`)
    const command = `"${process.execPath}" client.mjs "two words"`
    const { ask } = await tryClient({ kind: 'program', command }, 7000, { directory })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 'two words' })
  })

  test('a write has the outcome that its client program replies, and a read fails if the program replies info', async () => {
    const { ask } = await clientOf(programWith(`say({ id, type: value === 1 ? 'fail' : 'info', error: 'no' })`))
    expect(await ask(write('x', 1))).toEqual({ type: 'fail', error: 'no' })
    expect(await ask(write('x', 2))).toEqual({ type: 'info', error: 'no' })
    expect(await ask(read('x'))).toEqual({ type: 'fail', error: 'no' })
  })

  test('a client program runs one process for each concurrent operation, and reuses the processes', async () => {
    const { ask, another } = await clientOf(programWith(`say({ id, type: 'ok', value: process.pid })`))
    const [one, two] = await Promise.all([ask(read('x')), another().ask(read('x'))])
    expect(one).not.toEqual(two)
    expect([one, two]).toContainEqual(await ask(read('x')))
  })

  test('a client process whose reply is overdue stays busy, and another process performs the next operation', async () => {
    const { ask } = await clientOf(
      programWith(
        `if (f === 'read') say({ id, type: 'ok', value: 1 }); else setTimeout(() => say({ id, type: 'ok' }), 300)`,
      ),
    )
    await ask(read('x'))
    expect(await ask(write('x', 1), 30)).toEqual({ type: 'info', error: 'timeout after 30 ms' })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 1 })
  })

  test('an operation is reported as info if its client program exits, and the program is restarted', async () => {
    const { ask } = await clientOf(programWith(`if (f === 'write') process.exit(7); say({ id, type: 'ok', value: 1 })`))
    await ask(read('x'))
    expect(await ask(write('x', 1))).toMatchObject({ type: 'info', error: expect.stringContaining('exit code 7') })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 1 })
  })

  test('a client program leaves no process behind when it is closed', async () => {
    const { ask, close } = await clientOf(
      programWith(
        `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); say({ id, type: 'ok', value: process.pid })`,
      ),
    )
    const { value } = (await ask(read('x'))) as { value: number }
    await close()
    expect(() => process.kill(value, 0)).toThrow('ESRCH')
  })
})

describe('a faulty client program', () => {
  test.each([
    [
      'dies',
      `console.error('no such table'); process.exit(3)`,
      /ended by itself \(exit code 3\); its last output: no such table/,
    ],
    [
      'dies of an error, which Node follows by its own version',
      `throw new Error('no such table')`,
      /its last output: Error: no such table\./,
    ],
    ['writes no JSON', `say('hello')`, /wrote "hello" on its standard output: this is not JSON/],
    ['writes something else', `say({ id, value: 1 })`, /its "type" is undefined/],
    ['answers what it was never asked', `say({ id: 99, type: 'ok' })`, /answered 99, which was never requested/],
    ['answers a read with nothing', `say({ id, type: 'ok' })`, /answered a read with nothing/],
  ])('a run ends with an error if its client program %s', async (_, body, message) => {
    const { ask, broken } = await clientOf(programWith(body))
    expect(await ask(read('x'))).toMatchObject({ type: 'fail' })
    expect((await broken).message).toMatch(message)
  })

  test('a run ends with an error if its client program replies twice', async () => {
    const { ask, broken } = await clientOf(
      programWith(`say({ id, type: 'ok', value: 1 }); say({ id, type: 'ok', value: 1 })`),
    )
    await ask(read('x'))
    expect((await broken).message).toMatch(/answered 0 twice/)
  })

  test('a run ends with an error if its client program never replies', { timeout: 30_000 }, async () => {
    const { ask, broken } = await clientOf(programWith(''))
    expect(await ask(read('x'), 10)).toMatchObject({ type: 'fail' })
    expect((await broken).message).toMatch(/has not answered within 10010 ms.*Does it flush/s)
  })

  test('a run ends with an error if its client program does not exist', async () => {
    const { ask, broken } = await tryClient({ kind: 'program', command: ['./nowhere'] }, 7000, {
      directory: temporaryDirectory(),
    })
    await ask(read('x'))
    expect(await broken).toMatchObject({ code: 'environment', message: expect.stringContaining('./nowhere') })
  })
})

test('the standard error of a client program is written to client.log', async () => {
  const directory = programWith(`console.error('asked for ' + f); say({ id, type: 'ok', value: 1 })`)
  const { ask, close } = await clientOf(directory)
  await ask(read('x'))
  await close()
  expect(readFileSync(join(directory, 'client.log'), 'utf8')).toBe('asked for read\n')
})
