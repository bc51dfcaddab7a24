import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import { afterAll, describe, expect, test } from 'vitest'

// The published examples of express and fastify, unmodified.

const MODULES = join(import.meta.dirname, '../../../../node_modules')
const folder = mkdtempSync(join(tmpdir(), 'chaos-published-'))
afterAll(() => rmSync(folder, { recursive: true }))
symlinkSync(MODULES, join(folder, 'node_modules'))
const routes = join(folder, 'routes.json')
writeFileSync(routes, JSON.stringify({ routes: [{ request: 'GET /', f: 'read', result: 'body' }] }))

/** Returns the program's answer to a request for its root, and its output. */
async function startedProgram(program: string): Promise<{ readonly listens: boolean; readonly heard: string }> {
  const service = await loadService({ program, routes })
  const heard: string[] = []
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, {
      ...{ nodes: 1, seed: 1, isOfOne: true, trace: (text) => void heard.push(text) },
    })
    try {
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      const listens = cluster.isReady()
      const input = { f: 'read', value: null }
      if (listens) cluster.connect('n1').invoke({ input, harmless: true }, millis(500), () => {})
      cluster.run(() => false, { events: 100_000, durationMs: millis(600) })
      return { listens, heard: heard.join('\n') }
    } finally {
      cluster.close?.()
    }
  })
}

/**
 * Writes an example from a README to a file, and returns the path of the file. The example is the first JavaScript
 * block that calls `listen`.
 */
function exampleIn(readme: string, name: string): string {
  const blocks = readFileSync(join(MODULES, readme), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)
  const [example = ''] = Array.from(blocks, ([, code = '']) => code).filter((code) => /\.listen\(/.test(code))
  const file = join(folder, name)
  writeFileSync(file, example)
  return file
}

describe('published examples in the simulator', () => {
  test('the unmodified example of express answers "Hello World"', async () => {
    const { heard } = await startedProgram(exampleIn('express/Readme.md', 'express.mjs'))
    expect(heard).toContain('Server is running on http://localhost:3000')
    expect(heard).toMatch(/HTTP\/1\.1 200 OK[\s\S]*Hello World/)
  })

  test.each(['simple.js', 'simple.mjs', 'asyncawait.js'])(
    'the unmodified example %s of fastify answers {"hello":"world"}',
    async (name) => {
      const { heard } = await startedProgram(join(MODULES, 'fastify', 'examples', name))
      expect(heard).toMatch(/HTTP\/1\.1 200 OK[\s\S]*\{"hello":"world"\}/)
    },
  )

  test.each(['hooks.js', 'route-prefix.js', 'shared-schema.js', 'use-plugin.js', 'simple-stream.js'])(
    'the unmodified example %s of fastify answers a request',
    async (name) => {
      const { listens, heard } = await startedProgram(join(MODULES, 'fastify', 'examples', name))
      expect(listens).toBe(true)
      expect(heard).toMatch(/HTTP\/1\.1 \d{3} /)
    },
  )
})
