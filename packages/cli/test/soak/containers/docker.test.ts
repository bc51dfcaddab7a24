import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, startProcess } from '../../../../testing/src/chaos.ts'
import { startDocker } from '../../../../testing/src/containers/docker-daemon.ts'
import { kvNodes, mountedFiles, mountedPath } from '../../../../testing/src/containers/podman.ts'

// Containers of a real Docker daemon. The daemon has its own network namespace, because it changes the firewall rules
// of the namespace in which it starts.

const docker = startDocker({ inside: (directory) => basename(directory) })
const { obstacle, directory, say } = docker
const because = obstacle === undefined ? '' : ` (not possible here: ${obstacle})`
const inside = ['nsenter', `--net=/run/netns/${basename(directory)}`] as const
const env = { DOCKER_HOST: docker.host }
const { nodes } = kvNodes

const declaration = {
  compose: { project: 'shop' },
  ...kvNodes,
}

describe('containers of a Docker daemon', () => {
  beforeAll(() => {
    if (obstacle !== undefined) return
    say('docker network create shop')
    const mounts = mountedFiles.map(({ source, target }) => `-v ${source}:${target}:ro`).join(' ')
    const label = 'com.docker.compose'
    for (const node of nodes) {
      const peers = nodes.filter((other) => other !== node).map((other) => `${other}=${other}:8000`)
      say(
        `docker run -d --name shop_${node}_1 --network shop --network-alias ${node} --label ${label}.project=shop --label ${label}.service=${node} ${mounts} -e PATH=${mountedPath} localhost/kv node /server.mjs --name ${node} --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000 --peers ${peers.join(',')}`,
      )
    }
    writeFileSync(join(directory, 'shop.json'), JSON.stringify(declaration))
  }, 120_000)
  afterAll(() => {
    if (obstacle === undefined) docker.end()
  }, 120_000)

  const states = () => say("docker inspect --format '{{.State.Status}}' shop_n1_1 shop_n2_1 shop_n3_1").split('\n')
  const left = () =>
    say(`${inside.join(' ')} bash -c "nft list tables | grep chaos_; ip -br address | grep 198.19; true"`)
  const start = (faults: string, time: string) => {
    const args = ['run', '--target', './shop.json', '--time', time, '--rate', '100', '--faults', faults, '--seed', '1']
    return startProcess(inside[0], [inside[1], process.execPath, bin, ...args], { cwd: directory, env })
  }

  test.skipIf(obstacle)(
    `containers of a Docker daemon accept partitions, kills and pauses, and are restored afterwards${because}`,
    async () => {
      const { exitCode, stdout, stderr } = await start('partition,kill,pause', '8s').finished
      expect(stdout, stderr).toContain('the answers that clients got are linearizable')
      expect(stdout).toMatch(/faults that took effect: .*kill/)
      // On a busy machine too few operations may succeed, so that the run proves less than expected.
      expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
      expect(states()).toEqual(['running', 'running', 'running'])
      expect(left()).toBe('')
    },
  )

  test.skipIf(obstacle)(
    `containers of a Docker daemon serve again, without leftovers, after chaos is killed${because}`,
    async () => {
      const schedule = [
        { fromMs: 100, toMs: 50_000, kind: 'kill', nodes: ['n2'] },
        { fromMs: 100, toMs: 50_000, kind: 'pause', nodes: ['n3'] },
      ]
      writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
      const { child, finished } = start('./faults.json', '60s')
      await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'exited', 'paused'])
      expect(left()).toContain('chaos_shop')
      child.kill('SIGKILL')
      await finished
      await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'running', 'running'])
      await expect.poll(left, { timeout: 10_000 }).toBe('')
    },
  )
})
