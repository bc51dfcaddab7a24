import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChaosNetwork } from '@chaosproxy/testcontainers'
import { afterEach, describe, expect, test, vi } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'chaos-engines-'))
const path = process.env['PATH']

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.env['PATH'] = path
  rmSync(directory, { recursive: true, force: true })
})

/** Simulates root on a machine that has only these programs. Each program is a shell script. */
function machineWith(programs: { readonly [name: string]: string }): void {
  mkdirSync(directory, { recursive: true })
  for (const [name, script] of Object.entries({ nft: '', ip: '', nsenter: '', ...programs })) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(directory, name), 0o755)
  }
  // The scripts find their shell by its path `/bin/sh`, without PATH.
  process.env['PATH'] = directory
  vi.stubEnv('DOCKER_HOST', undefined)
  vi.spyOn(process, 'getuid').mockReturnValue(0)
}

const inspected = (changes: object = {}, state: object = {}) =>
  JSON.stringify([
    {
      Id: 'f00dcafe',
      Name: '/one',
      State: { Running: true, Pid: 1, ExitCode: 0, ...state },
      Config: { Image: 'kv' },
      HostConfig: { NetworkMode: 'bridge' },
      NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2' } } },
      ...changes,
    },
  ])
const engineWith = (container: string, system = 'Debian') =>
  `case "$1" in ps) echo f00dcafe;; inspect) echo '${container}';; info) echo '${system}';; esac`

const n1 = { getId: () => 'f00dcafe' }
const between = () => ChaosNetwork.between({ n1 })

describe.runIf(process.platform === 'linux')('a network between containers', () => {
  test('ChaosNetwork.between() refuses an empty set of containers, and reserved names', async () => {
    await expect(ChaosNetwork.between({})).rejects.toThrow('no container is given')
    await expect(ChaosNetwork.between({ clients: n1 })).rejects.toThrow('a container cannot be called "clients"')
    await expect(ChaosNetwork.between({ 'n1>n2': n1 })).rejects.toThrow('a container cannot be called "n1>n2"')
  })

  test('ChaosNetwork.between() is refused outside Linux', async () => {
    const { platform } = process
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    const refused = between()
    Object.defineProperty(process, 'platform', { value: platform })
    await expect(refused).rejects.toThrow('only on Linux')
  })

  test('ChaosNetwork.between() is refused to users other than root', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    await expect(between()).rejects.toThrow(/only root .* podman unshare --rootless-netns/)
  })

  test('ChaosNetwork.between() is refused if no engine is installed, no engine answers, or none has the container', async () => {
    machineWith({})
    await expect(between()).rejects.toThrow('neither docker nor podman is in any directory of PATH')
    machineWith({ docker: 'echo Cannot connect to the Docker daemon >&2; exit 1' })
    await expect(between()).rejects.toThrow('docker says: Cannot connect to the Docker daemon')
    machineWith({ docker: 'exit 0' })
    await expect(between()).rejects.toThrow(/docker does not have n1 \(f00dcafe\)\. .*DOCKER_HOST=unix:/)
  })

  test('ChaosNetwork.between() refuses a container that has ended or shares a network', async () => {
    machineWith({ docker: engineWith(inspected({}, { Running: false, Pid: 0 })) })
    await expect(between()).rejects.toThrow('n1 (one) does not run: start it first')
    machineWith({ docker: engineWith(inspected({ HostConfig: { NetworkMode: 'host' } })) })
    await expect(between()).rejects.toThrow("n1 (one) has the host's network")
  })

  test('ChaosNetwork.between() refuses engines on other machines', async () => {
    machineWith({ docker: engineWith(inspected(), 'Docker Desktop') })
    await expect(between()).rejects.toThrow('docker runs these containers elsewhere (Docker Desktop)')
    vi.stubEnv('DOCKER_HOST', 'tcp://10.0.0.1:2375')
    await expect(between()).rejects.toThrow('elsewhere (tcp://10.0.0.1:2375)')
  })
})
