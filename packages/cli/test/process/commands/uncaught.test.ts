import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { startProxy } from '../../proxy-process.ts'

/**
 * Returns an environment that makes a process throw an uncaught error: on SIGUSR2, or soon after the process has
 * started.
 */
function throwing(when: 'told' | 'soon'): NodeJS.ProcessEnv {
  const file = join(temporaryDirectory(), 'throwing.mjs')
  const thrown = '() => { throw new TypeError("planted") }'
  writeFileSync(
    file,
    when === 'told'
      ? `process.on('SIGUSR2', ${thrown})`
      : `setInterval(() => { if (process.listenerCount('uncaughtException') > 0) throw new TypeError('planted') }, 5)`,
  )
  return { NODE_OPTIONS: `--import ${pathToFileURL(file)}` }
}

describe('an uncaught error', () => {
  test('an uncaught error closes the recording of a proxy, and exits with 4', async () => {
    const server = createServer((_, response) => response.end('7')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
    })
    const directory = temporaryDirectory()
    const routes = join(directory, 'routes.json')
    const out = join(directory, 'history.jsonl')
    writeFileSync(routes, JSON.stringify({ routes: [{ request: 'GET /{key}', f: 'read', result: 'body' }] }))
    const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const proxy = await startProxy(['--upstream', upstream, '--record', routes, '--out', out], {
      env: throwing('told'),
    })
    const [opened] = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as { listen: string }[]
    expect(await (await fetch(`http://${opened?.listen}/x`)).text()).toBe('7')
    proxy.child.kill('SIGUSR2')
    const { exitCode, stdout, stderr } = await proxy.finished
    expect(stderr).toContain('planted')
    expect(exitCode).toBe(4)
    expect(stdout).toContain('chaos check')
    expect(readFileSync(out, 'utf8')).toMatch(/"type":"ok".*\n.*"f":"end"}\n$/)
  })

  test.each([
    ['run --sim', ['run', '--sim', '--target', 'raft', '--time', '600s']],
    ['ui', ['ui']],
    ['doctor', ['doctor']],
  ])('an uncaught error makes chaos %s exit with 4', async (_name, args) => {
    const { exitCode, stderr } = await chaos(args, { env: throwing('soon'), cwd: temporaryDirectory() })
    expect(stderr).toContain('planted')
    expect(exitCode).toBe(4)
  })
})
