import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { offerApi } from '@chaosproxy/targets/user-file'
import { beforeAll, describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { parseCompareSettings } from '../../../src/compare/use.ts'
import { parseReplaySettings } from '../../../src/replay/use.ts'

// A protocol imports the API of chaos by its package name. The program `chaos` makes this API available when it starts;
// these tests do the same.
beforeAll(() => offerApi(new URL('../../../dist/index.js', import.meta.url)))

// Tests how commands other than `chaos run` use a configuration. Options override it there, too.

function configured(config: object): { readonly config: string; readonly directory: string } {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'chaos.config.json'), JSON.stringify(config))
  return { config: join(directory, 'chaos.config.json'), directory }
}

const service = {
  nodes: 3,
  command: 'node server.js {listen}',
  client: { kind: 'http', routes: { routes: [{ request: 'GET /{key}', f: 'read', result: 'body' }] } },
  settings: { reads: { summary: 'who answers', values: ['all', 'one'], default: 'all' } },
}

describe('chaos compare', () => {
  const settings = {
    target: { name: 'raft', settings: { batch: 8 } },
    nodes: 3,
    clients: 4,
    rate: 100,
    timeMs: 2_000,
    timeoutMs: 700,
    faults: ['kill'],
    seed: 40,
    checkMs: 5_000,
    expect: 'linearizable',
  }

  test('chaos compare reads target, settings, faults and expectation from the configuration', async () => {
    const { config } = configured(settings)
    const { plan: planned } = await parseCompareSettings({ config, seeds: '2' })
    expect(planned).toMatchObject({ conditions: ['calm', 'kill'], clients: 4, rate: 100, seeds: [40, 41] })
    expect(planned.systems.map(({ name }) => name)).toEqual(['raft'])
    expect(planned.systems[0]?.cells[1]?.pairs[0].main).toMatchObject({
      target: { name: 'sim:raft', settings: { batch: 8 } },
      nodes: 3,
      timeMs: 2_000,
      timeoutMs: 700,
      checkMs: 5_000,
      expect: 'linearizable',
    })
  })

  test('the options of chaos compare override the configuration', async () => {
    const { config } = configured(settings)
    const options = { targets: ['raft:batch=2,quorum'], faults: 'none', rate: '50', time: '3s', nodes: '5', seeds: '1' }
    const { plan: planned } = await parseCompareSettings({ config, ...options })
    expect(planned).toMatchObject({ conditions: ['calm'], rate: 50, timeMs: 3_000, clients: 4 })
    expect(planned.systems.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['raft batch=2', 5],
      ['quorum', 5],
    ])
  })

  patientTest(
    'chaos compare compares all configured targets, and asks for --real if they run only as processes',
    async () => {
      const { config, directory } = configured({ targets: { mine: './mine.ts' }, faults: ['kill'] })
      cpSync(join(root, 'examples', 'mine.ts'), join(directory, 'mine.ts'))
      const [mine] = (await parseCompareSettings({ config, seeds: '1' })).plan.systems
      expect(mine?.cells[0]?.pairs[0].main.target.name).toMatch(/^sim:.*mine\.ts$/)
      const items = configured({ targets: { items: service, others: service }, faults: [] }).config
      const { stderr, exitCode } = await chaosHere(['compare', '--config', items, '--seeds', '1'])
      expect(stderr).toMatch(/items cannot be simulated. Add --real/)
      expect(exitCode).toBe(3)
    },
  )

  test('chaos compare refuses a schedule of faults, because it chooses the times of the faults itself', async () => {
    const { config } = configured({ faults: [{ fromMs: 1, toMs: 50, kind: 'kill', nodes: ['n2'] }] })
    const { stderr, exitCode } = await chaosHere(['compare', '--config', config])
    expect(stderr).toMatch(/chaos\.config\.json: "faults" gives times.*Give only kinds of faults, with --faults/)
    expect(exitCode).toBe(3)
  })
})

describe('chaos replay', () => {
  const scenario = {
    chaos: 1,
    kind: 'scenario',
    target: 'primary-replica',
    targetSettings: {},
    nodes: 3,
    seed: 1,
    timeoutMs: 500,
    operations: [{ atMs: 0, client: 0, node: 'n1', f: 'write', key: 'x', value: 1 }],
    faults: [],
  }

  test.each([
    ['the configured level of its target', 'primary-replica', undefined, 'linearizable'],
    ['the configured level of the simulated target', 'sim:primary-replica', undefined, 'linearizable'],
    ['no level of a target that is not configured', 'raft', undefined, 'none'],
    ['the level of --expect if it is given', 'primary-replica', 'sequential', 'sequential'],
  ])('chaos replay judges a replay file by %s', async (_, target, expected, level) => {
    const { config, directory } = configured({ target, expect: 'linearizable' })
    const file = join(directory, 'found.json')
    writeFileSync(file, JSON.stringify(scenario))
    const { subject } = await parseReplaySettings({ file, config, times: '1', expect: expected })
    expect(subject.level).toBe(level)
  })

  patientTest('chaos replay finds a protocol by its name in the configuration', async () => {
    const { config, directory } = configured({ targets: { mine: './mine.ts' } })
    cpSync(join(root, 'examples', 'mine.ts'), join(directory, 'mine.ts'))
    const file = join(directory, 'found.json')
    writeFileSync(file, JSON.stringify({ ...scenario, target: './moved.ts' }))
    const { subject } = await parseReplaySettings({ file, config, times: '1', protocol: 'mine', expect: 'eventual' })
    expect(subject.target).toBe(join(directory, 'mine.ts'))
  })
})
