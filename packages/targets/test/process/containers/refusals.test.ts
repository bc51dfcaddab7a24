import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { kvNodes } from '../../../../testing/src/containers/podman.ts'
import { declaredClusters } from '../../cluster/clusters.ts'

// If chaos cannot attach to containers, it refuses before it changes anything, in one line that says what to do.

const directory = mkdtempSync(join(tmpdir(), 'chaos-engines-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true, force: true })
})

/** Simulates a machine whose only container engine is this shell script. */
function machineWith(docker: string | undefined): void {
  mkdirSync(directory, { recursive: true })
  if (docker !== undefined) {
    writeFileSync(join(directory, 'docker'), `#!/bin/sh\n${docker}\n`)
    chmodSync(join(directory, 'docker'), 0o755)
  }
  vi.stubEnv('PATH', directory)
  vi.stubEnv('DOCKER_HOST', undefined)
}

const container = (service: string, mode = 'shop_default', state: object = {}) => ({
  ...{ Id: `${service}f00d`, Name: `/shop_${service}_1`, State: { Running: true, Pid: 1, ExitCode: 0, ...state } },
  Config: {
    Image: 'kv',
    Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service },
  },
  HostConfig: { NetworkMode: mode },
  NetworkSettings: { Networks: mode === 'shop_default' ? { shop_default: { IPAddress: '172.18.0.2' } } : {} },
})
const engineWith = (...containers: readonly ReturnType<typeof container>[]) =>
  `case "$1" in ps) echo '${containers.map(({ Id }) => Id).join('\n')}';; inspect) echo '${JSON.stringify(containers)}';; info) echo Debian;; *) exit 1;; esac`

const declaration = { ...kvNodes, compose: { project: 'shop' }, nodes: ['one', 'two'] }

describe.runIf(process.platform === 'linux')('containers that cannot be attached to', () => {
  const { start } = declaredClusters()
  test.each([
    ['without an engine', undefined, 'neither docker nor podman is in any directory of PATH. Install one.'],
    [
      'whose engine does not answer',
      'echo "Cannot connect to the Docker daemon" >&2; exit 1',
      'no container engine answers (docker: Cannot connect to the Docker daemon). Start the engine, or run chaos as a user who may use the engine.',
    ],
    [
      'to whose engine this user has no right',
      'echo "permission denied while trying to connect" >&2; exit 1',
      'no container engine answers (docker: permission denied while trying to connect). Start the engine, or run chaos as a user who may use the engine.',
    ],
    [
      'whose engine is too old',
      'echo "Error response from daemon: client version 1.41 is too new. Maximum supported API version is 1.24" >&2; exit 1',
      'Maximum supported API version is 1.24). The engine is older than its command-line client: update the engine, or set DOCKER_API_VERSION to a version that the engine supports.',
    ],
    ['of a project that is not up', 'exit 0', 'no container of the project shop runs. Start it first ('],
    [
      'of a service that has exited',
      engineWith(container('one'), container('two', 'shop_default', { Running: false, Pid: 0, ExitCode: 3 })),
      'n2 (shop_two_1) does not run: it ended with exit code 3. See its log: docker logs shop_two_1',
    ],
    [
      "in the host's network",
      engineWith(container('one'), container('two', 'host')),
      "n2 (shop_two_1) has the host's network (network_mode: host), so its links cannot lead through the proxy. Give it a network of the project",
    ],
    [
      "in another's network",
      engineWith(container('one'), container('two', 'container:onef00d')),
      "n2 (shop_two_1) has another's network (network_mode: container:onef00d)",
    ],
    [
      'without a network',
      engineWith(container('one'), container('two', 'none')),
      'n2 (shop_two_1) has no network (network_mode: none)',
    ],
  ])('containers %s are refused with advice', async (_, docker, message) => {
    machineWith(docker)
    await expect(start(declaration, { nodes: 2 })).rejects.toThrow(message)
  })
})
