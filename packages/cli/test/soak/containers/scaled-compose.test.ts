import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ClusterChange } from '@chaosproxy/runner/result'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startChaos } from '../../../../testing/src/chaos.ts'
import {
  kvNodes,
  mountedService,
  rulesOnMachine,
  startPodman,
  writeProject,
} from '../../../../testing/src/containers/podman.ts'
import { openPodmanSocket, type PodmanSocket } from '../../../../testing/src/containers/podman-socket.ts'

// A user scales and restarts a project during a run. The tests use docker-compose on podman's socket, because
// podman-compose can do neither. The project has stateless web servers, which keep their data in a store.

const podman = startPodman()
const { directory, isPossible, programs, say, end } = podman

const isComposeHere = (): boolean => {
  try {
    say('docker-compose version')
    return true
  } catch {
    return false
  }
}

const declaration = { ...kvNodes, compose: 'compose.yaml', nodes: ['web'] }

const dialler = `
const socket = require('node:net').connect({ host: process.argv[1], port: 7000 }, () => console.log('open'))
socket.on('error', () => {})
socket.on('close', () => console.log('closed'))
`

describe.runIf(isPossible && isComposeHere())('a project that is scaled and restarted during a run', () => {
  const cwd = join(directory, 'front')
  let socket: PodmanSocket | undefined
  const compose = (command: string) => say(`DOCKER_HOST=${socket?.host} docker-compose ${command} 2>&1`, cwd)

  beforeAll(async () => {
    socket = await openPodmanSocket(podman)
    const web =
      'node /server.mjs --name web --primary n1 --peers n1=store:8000 --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8001'
    const store = 'node /server.mjs --name n1 --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000'
    writeProject(directory, 'front', [mountedService('web', web), mountedService('store', store)])
    writeFileSync(join(cwd, 'front.json'), JSON.stringify(declaration))
    compose('up -d --scale web=2')
  }, 120_000)
  afterAll(async () => {
    compose('down -t 0')
    await socket?.end()
    await end()
  }, 120_000)

  /** Returns the events about containers in the history so far. */
  const changes = (): readonly ClusterChange[] => {
    const results = join(cwd, 'chaos-results')
    const [run] = readdirSync(results)
    const events = readFileSync(join(results, run ?? '', 'history.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    return events
      .map((line) => JSON.parse(line))
      .filter(({ process, f }) => process === 'nemesis' && ['joined', 'left', 'started'].includes(f))
      .map(({ f, value }) => ({ what: f, ...value }))
  }
  const expectChange = (what: ClusterChange['what'], node: string) =>
    expect.poll(() => changes().findLast((change) => change.node === node)?.what, { timeout: 60_000 }).toBe(what)
  const inspected = (service: string, number: number, format: string) =>
    say(
      `podman inspect --format '${format}' $(podman ps --quiet --filter label=com.docker.compose.service=${service} --filter label=com.docker.compose.container-number=${number})`,
    )

  /** Opens a connection from a container. The connection stays idle until it is closed. */
  async function connected(number: number): Promise<{ closed(): Promise<boolean> }> {
    const pid = inspected('web', number, '{{.State.Pid}}')
    const store = inspected('store', 1, '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
    const child = spawn('nsenter', ['--target', pid, '--net', '--', process.execPath, '-e', dialler, store])
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('open')
    return { closed: async () => (await lines.next()).value === 'closed' }
  }

  test('a project scaled during a run gets proxies for new links, and traffic that bypassed them is reported', async () => {
    const args = ['--target', './front.json', '--time', '10m', '--rate', '50', '--seed', '1', '--json']
    const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
    const { child, finished } = startChaos(['run', ...args, '--faults', 'partition:store'], { cwd, env })
    // The history begins after all links exist.
    await expect.poll(() => changes().length, { timeout: 60_000 }).toBe(0)

    compose('up -d --scale web=3')
    await expectChange('joined', 'web-3')
    compose('restart -t 0 web')
    for (const node of ['n1', 'n2', 'web-3']) await expectChange('started', node)

    // While chaos is stopped, it sets no firewall rules for the new container. The container can then open a connection
    // that bypasses the proxies.
    child.kill('SIGSTOP')
    compose('up -d --scale web=4')
    const { closed } = await connected(4)
    child.kill('SIGCONT')
    await expectChange('joined', 'web-4')
    expect(await closed()).toBe(true)

    compose('up -d --scale web=2')
    for (const node of ['web-3', 'web-4']) await expectChange('left', node)
    child.kill('SIGINT')
    const { stdout, stderr, exitCode } = await finished
    expect(exitCode, stdout + stderr).toBe(130)
    const { notes, trouble } = JSON.parse(stdout)
    expect(notes).toContainEqual(expect.stringMatching(/^direct connections, .*: web-4>store 1$/))
    expect(trouble).toEqual([])
    expect(rulesOnMachine('front')).toEqual([])
  })
})
