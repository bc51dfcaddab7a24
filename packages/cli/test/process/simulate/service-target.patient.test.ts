import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, root } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { CURED, folderWith, RACING } from '../../../../testing/src/racing-register.ts'

/**
 * A program that exits unless chaos fills in its arguments and environment. Its enum `Level` is TypeScript that needs
 * compilation.
 */
const PARTICULAR = `
enum Level { High = 'high' }
const { NODE_ID, PORT, PEERS = '', FIRST = '', ME } = process.env
const peer = NODE_ID === 'n1' ? 'n2' : 'n1'
const expected = [
  [ME, NODE_ID === 'n1' ? 'n1, number 1 of 2: {"a":1}' : 'n2, number 2 of 2: {"a":1}'],
  [process.argv[2], '--name=' + NODE_ID],
  [Level.High, 'high'],
  [/^http:\\/\\/[^:,]+:\\d+$/.test(PEERS), true],
  [NODE_ID !== 'n2' || PEERS === FIRST, true],
  [NODE_ID !== 'n1' || FIRST.endsWith(':' + PORT), true],
]
for (const [is, wanted] of expected) if (is !== wanted) throw new Error(peer + ': ' + is + ' is not ' + wanted)
`

const services = {
  particular: {
    entry: './server.ts',
    args: ['--name={node}'],
    environment: { FIRST: 'http://{peer.n1}', ME: '{node}, number {number} of {nodes}: {"a":1}' },
    nodes: 2,
  },
  race: { entry: './race.ts', routes: './routes.json', nodes: 1 },
}

/** A folder whose configuration has these services. */
function folderOf(config: object): string {
  const cwd = folderWith(PARTICULAR + CURED)
  writeFileSync(join(cwd, 'race.ts'), RACING)
  writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify(config))
  return cwd
}

const brief = ['--faults', 'none', '--time', '300ms', '--rate', '100', '--expect', 'none', '--json']

describe('a service in the configuration', () => {
  test('a configured service gets the same arguments and environment in a search, in a simulated run and in a real run', async () => {
    const cwd = folderOf({ services: { particular: services.particular } })
    const [real, simulated, searched] = await Promise.all([
      chaos(['run', ...brief], { cwd }),
      chaos(['run', '--sim', ...brief], { cwd }),
      chaos(['simulate', 'particular', '--expect', 'none', '--seeds', '1', '--workers', '1', '--json'], { cwd }),
    ])
    for (const { exitCode, stderr } of [real, simulated, searched])
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(real.stdout)).toMatchObject({ tier: 'real', trouble: [] })
    expect(JSON.parse(simulated.stdout)).toMatchObject({ tier: 'simulated', trouble: [] })
  })

  patientTest(
    'a race in a configured service violates linearizability, in a repeatable simulated run and as a process',
    async () => {
      const cwd = folderOf({ services })
      const args = [
        '--target',
        'service:race',
        '--faults',
        'none',
        '--seed',
        '1',
        '--time',
        '10s',
        '--workload-set',
        'cas=0.5',
        '--keys',
        '1',
        '--json',
      ]
      const simulated = await chaos(['run', '--sim', '--verify-determinism', ...args], { cwd })
      const real = await chaos(['run', ...args], { cwd })
      for (const { exitCode, stderr } of [simulated, real]) expect(exitCode, stderr).toBe(1)
    },
  )

  patientTest(
    'a configured service can be killed, paused and cut off as processes, and keeps its files after a kill',
    async () => {
      const cwd = join(root, 'examples', 'simulated-replicas')
      const faults = ['--faults', 'kill,pause,partition', '--seed', '1', '--time', '6s']
      const { exitCode, stdout, stderr } = await chaos(['run', '--target', 'service:durable', ...faults, '--json'], {
        cwd,
      })
      expect(exitCode, stderr).toBe(0)
      const kinds = JSON.parse(stdout).faults.map(({ kind }: { kind: string }) => kind)
      expect([...new Set(kinds)].sort()).toEqual(['kill', 'partition', 'pause'])
    },
  )

  patientTest(
    'a configured service is repeated from its run.json if --program and the removed secret are given again',
    async () => {
      const secret = { ...services.race, environment: { API_TOKEN: 'swordfish' } }
      const cwd = folderOf({ services: { race: secret } })
      const { exitCode } = await chaos(['run', '--sim', ...brief], { cwd })
      expect(exitCode).toBe(0)
      const [directory = ''] = readdirSync(join(cwd, 'chaos-results')).filter((name) => name.includes('race'))
      const spec = join('chaos-results', directory, 'run.json')
      expect(readFileSync(join(cwd, spec), 'utf8')).not.toContain('swordfish')
      writeFileSync(join(cwd, 'chaos.config.json'), '{}')
      const strange = await chaos(['run', '--spec', spec], { cwd })
      expect(strange).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('(--program ./race.ts)') })
      const unset = await chaos(['run', '--spec', spec, '--program', './race.ts'], { cwd })
      expect(unset.stderr).toContain('without the value of the environment variable API_TOKEN. Set this variable.')
      const again = ['run', '--spec', spec, '--program', './race.ts', '--quiet']
      expect(await chaos(again, { cwd, env: { API_TOKEN: 'swordfish' } })).toMatchObject({ exitCode: 0 })
    },
  )

  test('a service in the configuration is listed by chaos targets', async () => {
    const { stdout } = await chaosHere(['targets', '--json'], { cwd: folderOf({ services }) })
    const listed = JSON.parse(stdout).filter(({ target }: { target: string }) => target.startsWith('service:'))
    expect(listed).toMatchObject([
      { target: 'service:particular', tier: 'real', defaultNodes: 2, promises: 'linearizable' },
      { target: 'service:race', tier: 'real', defaultNodes: 1 },
    ])
  })

  test.each([
    [['run', '--target', 'race'], {}, '--target race: this is a service of the configuration. Write service:race.'],
    [
      ['run', '--target', 'sim:race'],
      {},
      '--target sim:race: this is a service of the configuration. Write sim:service:race.',
    ],
    [['run', '--target', 'service:rase'], {}, 'there is no service rase in the configuration. Did you mean race?'],
    [['run', '--sim', '--target', 'service:rase'], {}, 'There are: particular, race.'],
    [['run'], {}, 'add --target service:particular or --target service:race, or write one of them as "target".'],
    [['run'], { target: 'service:rase' }, 'there is no service rase in the configuration.'],
    [['fuzz', '--target', 'service:race'], {}, 'race is a service. Use chaos simulate race.'],
    [['simulate', 'race', '--seeds', '1'], { faults: ['loss'] }, 'simulated programs cannot suffer this fault'],
    [['simulate', 'race', '--seeds', '1'], { faults: ['kil'] }, 'Did you mean kill?'],
  ])(
    'a service is refused with a hint if it is used as chaos %j with the configuration %j',
    async (args, config, text) => {
      const { exitCode, stderr } = await chaosHere(args, { cwd: folderOf({ services, ...config }) })
      expect(stderr).toContain(text)
      expect(exitCode).toBe(3)
    },
  )

  test('--target names only services that the configuration declares', async () => {
    const { exitCode, stderr } = await chaosHere(['run', '--target', 'service:shop'], { cwd: folderOf({}) })
    expect(stderr).toContain("Declare it: services: { shop: { entry: './server.ts', nodes: 3 } } in chaos.config.ts.")
    expect(exitCode).toBe(3)
  })

  test('an unknown placeholder in a service is refused, with the names of the known placeholders', async () => {
    const wrong = { ...services.race, environment: { OTHER: '{peer.n4}' } }
    const cwd = folderOf({ services: { race: wrong } })
    const args = ['simulate', 'race', '--faults', 'none', '--seeds', '1', '--workers', '1']
    for (const { exitCode, stderr } of [await chaos(['run', ...brief], { cwd }), await chaos(args, { cwd })]) {
      expect(stderr).toContain('there is no value for the placeholder {peer.n4}. Did you mean {peer.n1}?')
      expect(exitCode).toBe(3)
    }
  })

  patientTest(
    'a configured service uses a real redis-server in a real run, instead of the simulated Redis',
    async () => {
      const cwd = folderWith(CURED)
      symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'))
      writeFileSync(
        join(cwd, 'counted.ts'),
        `import { createServer } from 'node:http'
      import Redis from 'ioredis'
      const redis = new Redis(process.env['REDIS_URL'] ?? '')
      createServer(async ({ method, url = '' }, response) => {
        if (method === 'POST') await redis.incr(url)
        response.end(JSON.stringify({ count: Number(await redis.get(url)) }))
      }).listen(process.env['PORT'])`,
      )
      const routes = [
        { request: 'GET /c/{key}', f: 'read', result: 'json.count' },
        { request: 'POST /c/{key}', f: 'add', value: { const: 1 } },
      ]
      writeFileSync(join(cwd, 'counts.json'), JSON.stringify({ routes }))
      const counted = { entry: './counted.ts', routes: './counts.json', nodes: 2, redis: 'simulated' }
      const config = { workload: 'counter', services: { counted } }
      writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify(config))
      const args = ['--faults', 'none', '--time', '1s', '--rate', '100', '--json']
      for (const world of [[], ['--sim']]) {
        const { exitCode, stdout, stderr } = await chaos(['run', ...world, ...args], { cwd })
        expect(exitCode, stderr).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ headline: 'linearizable' })
      }
      const without = await chaos(['run', ...args], { cwd, env: { PATH: '/nowhere' } })
      expect(without.stderr).toContain(
        'counted needs what is not on this machine: redis-server (apt-get install redis-server)',
      )
      expect(without.exitCode).toBe(4)
    },
  )

  patientTest('a configured service fails in the simulator, and the failure is replayed on processes', async () => {
    const cwd = folderOf({ services })
    const some = ['--faults', 'none', '--keys', '1', '--workload-set', 'cas=0.5', '--seeds', '128', '--json']
    const found = await chaos(['simulate', 'race', ...some, '--workers', '1'], { cwd })
    const [{ replay }] = JSON.parse(found.stdout).failures
    const real = await chaos(['replay', replay, '--real', '--times', '40', '--trust', '--json'], { cwd })
    expect(real.stderr).toBe('')
    const result = JSON.parse(real.stdout)
    expect(result).toMatchObject({ real: true, found: true, cause: 'not linearizable', trouble: [] })
    expect(result).not.toHaveProperty('delays')
    expect(real.exitCode).toBe(1)
  })

  test('a replay file of a service is not replayed on processes if its faults need the simulator', async () => {
    const cwd = folderOf({ services })
    const reference = { program: './race.ts', routes: './routes.json', redis: 'simulated' }
    const scenario = {
      ...{ chaos: 1, kind: 'scenario', target: `service:${JSON.stringify(reference)}`, targetSettings: {}, nodes: 1 },
      ...{ seed: 1, timeoutMs: 500, besides: ['redis'] },
      operations: [{ atMs: 0, client: 0, node: 'n1', f: 'write', key: 'x', value: 1 }],
    }
    const refused = async (fault: object): Promise<string> => {
      writeFileSync(
        join(cwd, 'found.json'),
        JSON.stringify({ ...scenario, faults: [{ fromMs: 1, toMs: 50, ...fault }] }),
      )
      const { exitCode, stderr } = await chaosHere(['replay', join(cwd, 'found.json'), '--real', '--trust'])
      expect(exitCode).toBe(3)
      return stderr
    }
    expect(await refused({ kind: 'lose-commit-reply', nodes: ['n1'] })).toMatch(
      /cannot suffer lose-commit-reply when it runs as real processes/,
    )
    expect(await refused({ kind: 'pause', nodes: ['redis'] })).toContain(
      'programs of "beside" suffer faults only in the simulator',
    )
  })
})
