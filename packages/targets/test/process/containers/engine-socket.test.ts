import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { openEngineSocket } from '../../../src/containers/engine-socket.ts'
import type { Keeper } from '../../../src/keeper/keeper.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-socket-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true, force: true })
})

const container = (Id: string) => ({
  ...{ Id, Name: `/${Id}`, Config: { Image: 'kv' }, HostConfig: { NetworkMode: 'bridge' }, NetworkSettings: {} },
  State: { Running: true, Pid: 7, ExitCode: 0 },
})

test("containers are inspected over the engine's socket, or by the engine's command if the socket fails", async () => {
  const path = join(directory, 'engine.sock')
  const server = createServer(({ url }, response) => {
    const known = url === '/containers/one/json'
    response
      .writeHead(known ? 200 : 404)
      .end(JSON.stringify(known ? container('one') : { message: 'No such container' }))
  }).listen(path)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const program = join(directory, 'docker')
  writeFileSync(program, `#!/bin/sh\necho '${JSON.stringify([container('of the program')])}'\n`)
  chmodSync(program, 0o755)
  vi.stubEnv('PATH', directory)
  vi.stubEnv('DOCKER_HOST', `unix://${path}`)
  const socket = await openEngineSocket({ engine: 'docker', keeper: {} as Keeper, logDir: directory })
  const namesOf = async (...ids: string[]) => (await socket.containersOf(ids)).map(({ name }) => name)
  expect(await namesOf('one')).toEqual(['one'])
  expect(await namesOf('one', 'removed')).toEqual(['of the program'])
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere')
  const nowhere = await openEngineSocket({ engine: 'docker', keeper: {} as Keeper, logDir: directory })
  expect((await nowhere.containersOf(['one'])).map(({ name }) => name)).toEqual(['of the program'])
})
