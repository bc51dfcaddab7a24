import { mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { kvServices, service, startPodman } from '../../../../testing/src/containers/podman.ts'
import { faultsInEffect } from '../../containers/faults-of-run.ts'

// The declarations that chaos init proposes for a running project, and for a project whose containers do not exist yet.

const { directory, isPossible, programs, say, project, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }

describe.runIf(isPossible)('chaos init --compose', () => {
  const init = (cwd: string, ...typed: string[]) => chaos(['init', '--compose', ...typed], { cwd, env })
  const written = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as unknown

  beforeAll(() => {
    project('cache', [
      service('redis', 'redis-server --bind 0.0.0.0 --protected-mode no --save ""'),
      service('replica', 'redis-server --bind 0.0.0.0 --protected-mode no --save "" --replicaof redis 6379'),
      service('sentinel', 'redis-server --sentinel --port 26379 --bind 0.0.0.0 --protected-mode no'),
    ])
    project('shop', [...kvServices(), service('pgpool', 'sleep 1000')])
    project('booking', [
      service('web', 'sh -c "sleep 1000 || echo redis"'),
      service('redis', 'redis-server --bind 0.0.0.0 --protected-mode no --save ""'),
    ])
    mkdirSync(join(directory, 'elsewhere'))
  }, 120_000)
  afterAll(end, 120_000)

  test('chaos init --compose writes the declaration of a project that is not running, and leaves no containers behind', async () => {
    const cwd = join(directory, 'shop')
    const { stdout, stderr, exitCode } = await init(cwd, '')
    expect(stdout, stderr).toMatch(/Wrote shop\.json\. Its nodes are n1, n2, n3\.\n"port" is missing/)
    expect(exitCode).toBe(0)
    expect(written(join(cwd, 'shop.json'))).toMatchObject({ compose: 'compose.yaml', nodes: ['n1', 'n2', 'n3'] })
    expect(say('podman ps --all --quiet')).toBe('')
  })

  test('chaos init --compose proposes a fault that cuts nodes from a service of the project', async () => {
    const cwd = join(directory, 'booking')
    const { stdout, stderr } = await init(cwd, '', '--service', 'web')
    const [, line = ''] = /Try it, as root: .* up -d && npx chaos (run .*)/.exec(stdout) ?? []
    expect(line, stdout + stderr).toContain('--faults partition:redis,kill ')
    const run = await chaos(line.split(' '), { cwd, env })
    expect(run.stderr).toContain('partition:redis: the project is not up, so its services are not known.')
  })

  test('chaos init --compose declares a running Redis by its container name, and chaos run accepts the declaration', async () => {
    say('podman-compose -f compose.yaml up -d', join(directory, 'cache'))
    const cwd = join(directory, 'elsewhere')
    const { stdout, stderr } = await init(cwd, 'cache')
    expect(stdout, stderr).toMatch(/Its nodes are redis, replica \(redis\)\./)
    // The sentinel has ended because its configuration file is missing. So it takes no part in a run.
    expect(stdout).not.toContain('sentinel')
    expect(written(join(cwd, 'cache.json'))).toMatchObject({ compose: { project: 'cache' }, port: 6379 })
    const doctor = await chaos(['doctor', '--target', './cache.json', '--json'], { cwd, env })
    const { containers } = JSON.parse(doctor.stdout) as { containers: { what: string; ok: boolean; detail: string }[] }
    expect(containers).toContainEqual(expect.objectContaining({ what: 'podman', ok: true }))
    expect(containers).toContainEqual(expect.objectContaining({ what: 'rules between containers', ok: true }))
    expect(doctor.exitCode, doctor.stdout).toBe(0)
    const args = ['--target', './cache.json', '--time', '3s', '--rate', '100', '--faults', 'partition', '--seed', '1']
    const run = await chaos(['run', ...args], { cwd, env })
    // The run may meet or violate Redis's level, or prove too little on a busy machine.
    expect([0, 1, 2], run.stdout + run.stderr).toContain(run.exitCode)
    expect(faultsInEffect(cwd)).toEqual(['partition'])
  })

  test('chaos init --compose refuses existing files, unknown services and projects that are not running', async () => {
    const cwd = join(directory, 'elsewhere')
    const refused = async (...typed: string[]) => {
      const { exitCode, stderr } = await init(cwd, ...typed)
      expect(exitCode).toBe(3)
      return stderr
    }
    expect(await refused('cache')).toContain('cache.json already exists. --force replaces it.')
    expect(await refused('cache', '--force', '--service', 'redi')).toMatch(/cache has no such service\. .*redis/)
    expect(await refused('nobodys')).toContain('--compose nobodys: there is no such file')
    expect(await refused('')).toContain('there is no compose.yaml')
  })
})
