import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Tests that each mistake in a user's client module leads to one message and exit code 3 before the run begins.

const SERVICE = `
  require('node:http').createServer((request, response) => response.end('{}'))
    .listen(Number(process.argv[2]), '127.0.0.1')
`
const asModule = { kind: 'module', file: './client.mjs' }
const asProgram = { kind: 'program', command: [process.execPath, 'client.mjs'] }

const lines = (answer: string) => `
  import { createInterface } from 'node:readline'
  for await (const line of createInterface({ input: process.stdin })) { const { id } = JSON.parse(line); ${answer} }
`
const ok = 'console.log(JSON.stringify({ id, type: "ok", value: null }))'

async function runWith(client: object, text: string) {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'service.cjs'), SERVICE)
  writeFileSync(join(cwd, 'client.mjs'), text)
  const declaration = { nodes: 1, command: [process.execPath, 'service.cjs', '{port}'], client }
  writeFileSync(join(cwd, 'mine.json'), JSON.stringify(declaration))
  const args = ['run', '--target', './mine.json', '--time', '1s', '--rate', '50', '--clients', '2', '--seed', '1']
  return chaosHere([...args, '--faults', 'none', '--expect', 'linearizable'], { cwd })
}

describe('a broken client file', () => {
  test.each([
    [
      'a function that answers a read with nothing',
      asModule,
      'export default { open: () => ({ async invoke() {} }) }',
      /client\.mjs: the client answered a read with nothing/,
    ],
    [
      'a function that throws what nothing catches',
      asModule,
      `export default { open: () => ({ async invoke() { setTimeout(() => { throw new Error('no socket') }); await new Promise(() => {}) } }) }`,
      /an uncaught error: no socket/,
    ],
    [
      'a function that ends the process',
      asModule,
      'export default { open: () => ({ async invoke() { process.exit(7) } }) }',
      /client\.mjs calls process\.exit\(7\): it would end chaos itself/,
    ],
    ['a program that answers twice', asProgram, lines(`${ok}; ${ok}`), /answered 0 twice\. It must write one line/],
    ['a program that dies', asProgram, `throw new Error('no driver')`, /ended by itself \(exit code 1\)/],
    ['a program that prints what is no JSON', asProgram, lines('console.log("hello")'), /this is not JSON/],
  ])('a client file with an error is reported before the run starts: %s', async (_, client, text, message) => {
    const { exitCode, stdout, stderr } = await runWith(client, text)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('This is a bug in chaos')
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  })
})
