import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { chaos, root, startChaos } from '../../../../testing/src/chaos.ts'
import { freePort } from '../../../../testing/src/servers.ts'

// Runs the manual's recipe for containers that compose has started, with real containers and exactly as the manual
// shows it: the composition, the declaration and the commands. Only the ports differ, and `docker` is a script that
// calls podman.

const directory = mkdtempSync(join(tmpdir(), 'chaos-podman-'))
const programs = join(directory, 'programs')
const server = join(root, 'packages', 'testing', 'src', 'containers', 'kv-server.mjs')
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }

const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'running.md'), 'utf8')
const [, recipe = ''] = /## Containers that compose has started\n(.*?)\n## /s.exec(manual) ?? []
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(recipe)?.[1] ?? ''
const [up = '', run = '', remove = ''] = block('text').trim().split('\n')

/**
 * Images cannot be downloaded here. So the recipe's image is empty, and its containers use the programs of this
 * machine. The podman-compose of Debian 12 always creates a network for the project, and podman rejects a container
 * that uses this network and the host's network. So the script ignores the project's network.
 */
const docker = (): string => {
  const node = dirname(realpathSync(process.execPath))
  const mounts = ['/usr', '/lib', '/lib64', ...(node.startsWith('/usr/') ? [] : [node])].map(
    (path) => `-v ${path}:${path}:ro`,
  )
  const storage = `--storage-driver vfs --root ${join(directory, 'images')} --runroot ${join(directory, 'run')}`
  return `#!/bin/bash
podman="podman --runtime runc --cgroup-manager cgroupfs ${storage}"
verb="$1"
shift
case "$verb" in
compose) exec podman-compose --podman-path "$0" "$@" ;;
network) exit 0 ;;
run)
  options=()
  while [ $# -gt 0 ] && [ "$1" != kv ]; do
    case "$1" in
    --net | --network-alias) shift 2 ;;
    *) options+=("$1") && shift ;;
    esac
  done
  exec $podman run --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 ${mounts.join(' ')} -v ${server}:/server.mjs:ro \\
    --env PATH=${node}:/usr/bin "\${options[@]}" "$@"
  ;;
*) exec $podman "$verb" "$@" ;;
esac
`
}

function say(command: string): string {
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], {
    cwd: directory,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`)
  return stdout.trim()
}

/** Returns the remaining processes of these containers. Each has the storage directory in its command line. */
const left = (): readonly string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandOf)
    .filter((command) => command.includes(directory))

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // the process ended after it was listed
  }
}

/** Whether containers can run here. Podman needs a container runtime, privileges and control groups. */
function isPossible(): boolean {
  if (process.getuid?.() !== 0) return false
  for (const program of ['runc', 'podman', 'podman-compose'])
    if (spawnSync(program, ['--version']).status !== 0) return false
  try {
    for (const path of [programs, join(directory, 'empty', 'data')]) mkdirSync(path, { recursive: true })
    writeFileSync(join(programs, 'docker'), docker())
    chmodSync(join(programs, 'docker'), 0o755)
    say(
      'tar -cf empty.tar -C empty . && docker import empty.tar kv && docker run --rm --network host kv /usr/bin/env true',
    )
    return true
  } catch {
    rmSync(directory, { recursive: true, force: true })
    return false
  }
}

/** Returns a function that replaces the ports in the recipe by free ports. */
async function freePorts(): Promise<(text: string) => string> {
  const named = [...new Set(recipe.match(/(?<=127\.0\.0\.1:)\d+/g) ?? [])]
  const free = await Promise.all(named.map(freePort))
  return (text) => text.replaceAll(/(?<=127\.0\.0\.1:)\d+/g, (port) => String(free[named.indexOf(port)]))
}

describe.runIf(isPossible())('containers that Compose has started', () => {
  beforeAll(async () => {
    const onFreePorts = await freePorts()
    writeFileSync(join(directory, 'compose.yaml'), onFreePorts(block('yaml')))
    writeFileSync(join(directory, 'kv.json'), onFreePorts(block('json')))
    expect(up).toMatch(/^docker compose /)
    say(up)
  }, 120_000)

  afterAll(async () => {
    say(remove)
    // Podman cleans up after a container in a separate process, which may still be writing to the storage.
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 60_000 })
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)

  const states = () =>
    ['kv-1', 'kv-2', 'kv-3'].map((name) => say(`docker inspect --format '{{.State.Status}}' ${name}`))

  test('the commands in the manual inject kills or pauses into containers, and the run is found linearizable', async () => {
    const [npx, tool, ...args] = run.split(' ')
    expect([npx, tool]).toEqual(['npx', 'chaos'])
    const { exitCode, stdout, stderr } = await chaos(args, { cwd: directory, env })
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toMatch(/faults that took effect: .*(kill|pause)/)
    // On a very busy machine the run may prove less than expected. The report then says so.
    expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
    expect(states()).toEqual(['running', 'running', 'running'])
  })

  test('containers run again after chaos is killed, even if a fault of chaos had stopped the containers', async () => {
    const schedule = [
      { fromMs: 100, toMs: 50_000, kind: 'kill', nodes: ['n2'] },
      { fromMs: 100, toMs: 50_000, kind: 'pause', nodes: ['n3'] },
    ]
    writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
    const args = ['run', '--target', './kv.json', '--rate', '150', '--time', '60s', '--faults', './faults.json']
    const { child, finished } = startChaos([...args, '--seed', '1'], { cwd: directory, env })
    await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'exited', 'paused'])
    child.kill('SIGKILL')
    await finished
    await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'running', 'running'])
  })
})
