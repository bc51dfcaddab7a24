import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Input } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { read, temporaryDirectory, tryClient, write } from '../../../testing/src/clients.ts'

/**
 * Writes a client module. The text `invoke` is the body of the clients' `invoke`. All clients of the module share a
 * map.
 */
function fileWith(invoke: string, before = ''): string {
  const directory = temporaryDirectory()
  writeFileSync(
    join(directory, 'client.ts'),
    `${before}
const data = new Map<string, number>()
class Refused extends Error { override name = 'Refused' }
export default {
  open({ node, port }: { node: string, port: number }) {
    return { async invoke({ f, key, value }: any, signal: AbortSignal) { ${invoke} } }
  },
}
`,
  )
  return directory
}

const clientOf = (directory: string, functions?: readonly string[]) =>
  tryClient({ kind: 'module', file: 'client.ts' }, 7000, { directory, ...(functions && { functions }) })

const cas = (value: readonly [number, number]): Input => ({ f: 'cas', key: 'x', value: [...value] })

describe('a client module', () => {
  test("a read by a client module returns the module's value, and a write returns the requested value", async () => {
    const { ask } = await clientOf(
      fileWith(`if (f === 'read') return data.get(key) ?? null; data.set(key, value); return 'OK'`),
    )
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: null })
    expect(await ask(write('x', 7))).toEqual({ type: 'ok', value: 7 })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 7 })
  })

  test("a client module's error means fail if it is a Refused or the operation is a read, and otherwise info", async () => {
    const { ask } = await clientOf(fileWith(`if (value === 1) throw new Refused('not me'); throw new Error('gone')`))
    expect(await ask(write('x', 1))).toMatchObject({ type: 'fail', error: expect.stringContaining('not me') })
    expect(await ask(write('x', 2))).toMatchObject({ type: 'info', error: expect.stringContaining('gone') })
    expect(await ask(read('x'))).toMatchObject({ type: 'fail' })
  })

  test('a cas by a client module is ok if the module returns true, and a mismatch if it returns false', async () => {
    const { ask, broken } = await clientOf(fileWith('return value[0] === 9 ? 1 : value[0] === 1'), ['cas'])
    expect(await ask(cas([1, 2]))).toEqual({ type: 'ok', value: [1, 2] })
    expect(await ask(cas([2, 3]))).toEqual({ type: 'fail', error: 'mismatch', answered: true })
    expect(await ask(cas([9, 3]))).toMatchObject({ type: 'info' })
    expect((await broken).message).toMatch(/answered a cas with 1\. Answer true, or false/)
  })

  test("the signal of a client module's operation is aborted when the operation times out", async () => {
    const { ask } = await clientOf(
      fileWith(
        `if (f === 'read') return data.get('aborted') ?? null
         await new Promise((resolve) => signal.addEventListener('abort', resolve)); data.set('aborted', 1)`,
      ),
    )
    expect(await ask(write('x', 1), 100)).toEqual({ type: 'info', error: 'timeout after 100 ms' })
    await expect.poll(() => ask(read('x'))).toEqual({ type: 'ok', value: 1 })
  })

  test('an operation of a client module fails if "open" throws', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'client.ts'), `export default { open() { throw new Error('no route') } }`)
    const { ask } = await clientOf(directory)
    expect(await ask(write('x', 1))).toMatchObject({ type: 'fail', error: expect.stringContaining('no route') })
  })
})

describe('a faulty client module', () => {
  test.each([
    ['answers a read with nothing', `if (f === 'write') return 1`, /answered a read with nothing/],
    ['answers with what JSON cannot say', 'return { at: new Date() }', /which JSON cannot represent/],
    ['answers with a function', 'return () => 1', /returned a value of type function/],
    ['ends the process', 'process.exit(0)', /calls process\.exit\(0\)/],
    [
      'has an error that nobody catches',
      `setTimeout(() => { throw new Error('ECONNRESET') }); await new Promise(() => {})`,
      /an uncaught error: ECONNRESET/,
    ],
  ])('a run ends with an error if its client module %s', async (_, body, message) => {
    const { ask, broken } = await clientOf(fileWith(body))
    expect(await ask(read('x'))).toMatchObject({ type: 'fail' })
    expect((await broken).message).toMatch(message)
    expect(await broken).toMatchObject({ code: 'input' })
  })

  test('a run ends with an error if its client module never completes an operation', async () => {
    const { ask, broken } = await clientOf(fileWith('await new Promise(() => {})'))
    for (let i = 0; i < 50; i++) await ask(read('x'), 1)
    expect((await broken).message).toMatch(
      /client\.ts has answered none of its first 50 operations.*timeout after 1 ms/,
    )
  })

  test('a run ends with the location of the error if its client module always throws', async () => {
    const { ask, broken } = await clientOf(fileWith('(undefined as any).query()'))
    for (let i = 0; i < 50; i++) await ask(write('x', i))
    expect((await broken).message).toMatch(/none of its first 50 operations[\s\S]*query[\s\S]*client\.ts/)
  })
})

describe('a wrong client module', () => {
  test.each([
    ['there is no such file', undefined, /which does not exist/],
    ['it throws', `throw new Error('oops')`, /does not run: oops/],
    ['it exports no client', 'export default { invoke() {} }', /"open" is not a function.*defineClient/],
    [
      'it lacks a function of the workload',
      `export default { functions: ['read'], open() {} }`,
      /does not support write/,
    ],
    ['it ends the process', 'process.exit(3)', /process\.exit\(3\) while it is loaded/],
    ['it awaits a promise that never settles', 'await new Promise(() => {}); export default {}', /never settles/],
  ])('a client module is refused if %s', async (_, text, message) => {
    const directory = temporaryDirectory()
    if (text !== undefined) writeFileSync(join(directory, 'client.ts'), text)
    await expect(clientOf(directory)).rejects.toThrow(message)
  })

  test('a client module is refused if "open" returns no client', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'client.ts'), 'export default { open: () => ({}) }')
    const { ask, broken } = await clientOf(directory)
    await ask(read('x'))
    expect((await broken).message).toMatch(/the object that "open" returns has no function "invoke"/)
  })
})
