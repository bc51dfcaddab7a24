import { readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos, root, startChaos } from '../../../../testing/src/chaos.ts'
import { expectGone, onMachine, startPodman } from '../../../../testing/src/containers/podman.ts'

// Runs the manual's recipe for a Compose project with real containers, exactly as the manual shows it: the file, the
// declaration and the commands. `docker compose` is podman-compose.

const { directory, isPossible, programs, say, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
/** The project's name in firewall rules, as podman-compose forms it. */
const project = basename(directory).toLowerCase().replaceAll(/\W/g, '_')

const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'containers.md'), 'utf8')
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(manual)?.[1] ?? ''
const [up = '', run = '', down = ''] = block('text').trim().split('\n')

describe.runIf(isPossible)('a Compose project', () => {
  beforeAll(() => {
    writeFileSync(join(directory, 'compose.yaml'), block('yaml'))
    writeFileSync(join(directory, 'shop.json'), block('json'))
    expect(up).toMatch(/^docker compose /)
    say(up)
  }, 120_000)
  afterAll(async () => {
    say(down)
    await end()
  }, 120_000)

  const states = () =>
    say(`podman inspect --format '{{.State.Status}}' $(podman ps --all --quiet) | sort | uniq -c | tr -s ' '`).trim()
  const everyNode = () =>
    ['n1', 'n2', 'n3'].map((node) => {
      const address = say(
        `podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $(podman ps --quiet --filter label=com.docker.compose.service=${node})`,
      )
      return say(
        `curl --silent --max-time 1 --output /dev/null --write-out '%{http_code}' http://${address}:7000/health || true`,
      )
    })

  test('the commands in the manual inject partitions into a Compose project, and the run is found linearizable', async () => {
    const [npx, tool, ...args] = run.split(' ')
    expect([npx, tool]).toEqual(['npx', 'chaos'])
    const { exitCode, stdout, stderr } = await chaos(args, { cwd: directory, env })
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toMatch(/faults that took effect: .*partition/)
    // On a very busy machine the run may prove less than expected. The report then says so.
    expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
    expect(states()).toBe('3 running')
  })

  test('a Compose project serves again, without leftovers of chaos, after chaos is killed during a run', async () => {
    const schedule = [
      { fromMs: 100, toMs: 50_000, kind: 'partition', links: ['n1>n2', 'n2>n1'], mode: 'hold' },
      { fromMs: 100, toMs: 50_000, kind: 'kill', nodes: ['n2'] },
      { fromMs: 100, toMs: 50_000, kind: 'pause', nodes: ['n3'] },
    ]
    writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
    const args = ['run', '--target', './shop.json', '--time', '60s', '--faults', './faults.json', '--seed', '1']
    const { child, finished } = startChaos(args, { cwd: directory, env })
    await expect.poll(states, { timeout: 60_000 }).toBe('1 exited\n 1 paused\n 1 running')
    expect(onMachine(project, child.pid)).not.toEqual([])
    child.kill('SIGKILL')
    await finished
    await expect.poll(states, { timeout: 60_000 }).toBe('3 running')
    await expectGone(project, child.pid)
    await expect.poll(everyNode, { timeout: 10_000 }).toEqual(['200', '200', '200'])
  })

  test('a Compose project is refused with a reason if the project, a service or the port does not exist', async () => {
    const shop = JSON.parse(block('json')) as object
    const asked = async (declaration: object) => {
      writeFileSync(join(directory, 'other.json'), JSON.stringify({ ...shop, ...declaration }))
      const { exitCode, stderr } = await chaos(['run', '--target', './other.json'], { cwd: directory, env })
      return [exitCode, stderr.trim()]
    }
    const nobodys = await asked({ compose: { project: 'nobodys' } })
    expect(nobodys).toEqual([4, expect.stringMatching(/no container of the project nobodys runs\. Start it first/)])
    const service = await asked({ nodes: ['n1', 'n4'] })
    expect(service).toEqual([3, expect.stringMatching(/there is no service n4 .* The services are n1, n2, n3\./)])
    const port = await asked({ port: 7001, readyWithinMs: 500 })
    expect(port).toEqual([4, expect.stringMatching(/not every node listens on port 7001/)])
  })
})
