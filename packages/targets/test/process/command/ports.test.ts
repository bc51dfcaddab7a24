import { Worker } from 'node:worker_threads'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuilt } from '../../../../testing/src/build.ts'
import { releasePorts, reservePorts } from '../../../src/command/ports.ts'

beforeAll(ensureBuilt)

const ports = new URL('../../../dist/command/ports.js', import.meta.url).href
const names = Array.from({ length: 300 }, (_, index) => `port-${index}`)

/** Reserves ports on another thread, which stands for another process: the two threads share only the machine. */
function reservedElsewhere(): Promise<readonly number[]> {
  const code = `
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(ports)}).then(async ({ reservePorts }) =>
      parentPort.postMessage(Object.values(await reservePorts(${JSON.stringify(names)}))))
    parentPort.on('message', () => {})`
  const worker = new Worker(code, { eval: true })
  onTestFinished(async () => void (await worker.terminate()))
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

test('reservePorts skips ports that another process has reserved, even if no process listens on them yet', async () => {
  const elsewhere = await Promise.all([reservedElsewhere(), reservedElsewhere(), reservedElsewhere()])
  const here = Object.values(await reservePorts(names))
  onTestFinished(() => releasePorts(here))
  const all = [...elsewhere.flat(), ...here]
  expect(all).toHaveLength(4 * names.length)
  expect(new Set(all).size).toBe(all.length)
})
