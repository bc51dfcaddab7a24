import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, chaos } from '../../../../testing/src/chaos.ts'
import { kvNodes, kvServices, startPodman } from '../../../../testing/src/containers/podman.ts'
import { startRootlessPodman } from '../../../../testing/src/containers/rootless-podman.ts'

// Three nodes of a user's service in an unmodified Compose file: once as a primary with replicas that reply before they
// have received all writes, and once with quorums. The tests run with root's podman, and with the podman of a user
// created for them.

const declaration = (project: string) => ({
  compose: { project },
  ...kvNodes,
})
const PROJECTS = { replicas: '--async --local', quorum: '' } as const
const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
const run = (project: string, seed: number, faults = 'partition,kill') =>
  `run --target ./${project}.json --faults ${faults} --time 6s --rate 100 --seed ${seed} --json`

interface Engine {
  say(command: string, cwd?: string): string
  project(name: string, services: readonly string[]): string
}

function startProjects({ say, project }: Engine): void {
  for (const [name, flags] of Object.entries(PROJECTS)) {
    const cwd = project(name, kvServices(flags))
    say('podman-compose -f compose.yaml up -d', cwd)
    writeFileSync(join(cwd, `${name}.json`), JSON.stringify(declaration(name)))
  }
}

/** Performs one run per seed, and returns the results for the level linearizable. */
async function results(project: string, of: (line: string) => Promise<string>): Promise<readonly string[]> {
  const found: string[] = []
  for (const seed of seeds) found.push(JSON.parse(await of(run(project, seed))).levels.linearizable.result)
  return found
}
const all = (result: string) => seeds.map(() => result)

const rootful = startPodman()
describe.runIf(rootful.isPossible)('a service in rootful containers', () => {
  const env = { PATH: [rootful.programs, process.env['PATH']].join(delimiter) }
  const inProject = (name: string) => async (line: string) => {
    const { stdout, stderr } = await chaos(line.split(' '), { cwd: join(rootful.directory, name), env })
    return stdout === '' ? expect.fail(stderr) : stdout
  }
  beforeAll(() => startProjects(rootful), 120_000)
  afterAll(rootful.end, 120_000)

  test('a service in rootful containers returns stale reads if replicas answer without a quorum', async () => {
    expect(await results('replicas', inProject('replicas'))).toEqual(all('violated'))
  })

  test('a service in rootful containers is linearizable with quorums', async () => {
    expect(await results('quorum', inProject('quorum'))).toEqual(all('met'))
  })
})

const rootless = startRootlessPodman()
describe('a service in rootless containers', () => {
  const { obstacle, say, directory } = rootless
  const because = obstacle === undefined ? '' : ` (not possible here: ${obstacle})`
  const chaosAs = (name: string, line: string) =>
    say(
      `podman unshare --rootless-netns ${process.execPath} ${bin} ${line} 2>last.log || [ -s last.log ]`,
      join(directory, name),
    )
  const left = () =>
    say(`podman unshare --rootless-netns bash -c "nft list tables | grep chaos; ip address | grep 198.19; true"`)
  const states = () => say(`podman inspect --format '{{.Name}} {{.State.Status}}' $(podman ps --all --quiet) | sort`)

  beforeAll(() => {
    if (obstacle === undefined) startProjects(rootless)
  }, 120_000)
  afterAll(async () => {
    if (obstacle === undefined) await rootless.end()
  }, 120_000)

  test.skipIf(obstacle)(
    `a service in rootless containers returns stale reads if replicas answer without a quorum${because}`,
    async () => {
      expect(await results('replicas', async (line) => chaosAs('replicas', line))).toEqual(all('violated'))
    },
  )

  test.skipIf(obstacle)(
    `a service in rootless containers is linearizable with quorums, and the containers are restored${because}`,
    async () => {
      const before = states()
      expect(await results('quorum', async (line) => chaosAs('quorum', line))).toEqual(all('met'))
      expect(states()).toBe(before)
      expect(left()).toBe('')
    },
  )

  test.skipIf(obstacle)(`a run keeps its network while all nodes are stopped${because}`, () => {
    const schedule = [{ fromMs: 500, toMs: 1500, kind: 'kill', nodes: ['n1', 'n2', 'n3'] }]
    writeFileSync(join(directory, 'quorum', 'all.json'), JSON.stringify(schedule))
    const { headline, vacuous } = JSON.parse(chaosAs('quorum', run('quorum', 1, './all.json')))
    expect([headline, vacuous]).toEqual(['linearizable', []])
  })
})
